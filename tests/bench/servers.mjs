// The product and its floor, each behind an nginx of its own with the same configuration; both on loopback only.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../api/client.mjs';
import { until } from '../api/server.mjs';
import { build, password } from './data.mjs';

// Everything that runs below `pid`, itself included.
export function family(pid) {
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (!children.has(parent)) children.set(parent, []);
      children.get(parent).push(Number(entry));
    } catch {
      // ended meanwhile
    }
  }
  const all = [pid];
  for (let i = 0; i < all.length; i++) all.push(...(children.get(all[i]) ?? []));
  return all;
}

export function nameOf(pid) {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return /--role (\w+)/.exec(line)?.[1] ?? (/^nginx: worker/.test(line) ? 'nginx' : /^nginx/.test(line) ? 'nginx master' : /floor/.test(line) ? 'floor' : 'supervisor');
}

const TICK_US = 10000; // USER_HZ is 100 on every Linux

export class Processes {
  // `known`: names of other programs, by what their command lines look like.
  constructor(pids, known = {}) {
    const named = (pid) => Object.keys(known).find((name) => known[name].test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) ?? nameOf(pid);
    this.pids = pids.flatMap((pid) => { try { return [{ pid, name: named(pid) }]; } catch { return []; } });
  }

  // µs of user and system time so far, by name of process.
  cpu() {
    const sum = {};
    for (const { pid, name } of this.pids) {
      let stat;
      try {
        stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      } catch {
        continue; // ended meanwhile
      }
      const part = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      sum[name] = (sum[name] ?? 0) + (Number(part[11]) + Number(part[12])) * TICK_US;
    }
    return sum;
  }

  // What `field` of a process's `file` in /proc says, MiB by name of process, nginx left out.
  #memoryOf(file, field) {
    const all = {};
    for (const { pid, name } of this.pids) {
      if (name.startsWith('nginx')) continue;
      try {
        const kib = Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1] ?? 0);
        all[name] = Math.round(((all[name] ?? 0) + kib / 1024) * 10) / 10;
      } catch {
        // ended meanwhile
      }
    }
    return all;
  }

  // Of their own, by name of process.
  own() {
    return this.#memoryOf('status', 'RssAnon');
  }

  // With their share of mapped files, programs and libraries among them.
  shared() {
    return this.#memoryOf('smaps_rollup', 'Pss');
  }

  // MiB of memory of their own (the database's mapped pages are the kernel's cache), nginx left out.
  memory() {
    return Object.values(this.own()).reduce((a, b) => a + b, 0);
  }
}

export function launch(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (t) => (child.text = (child.text + t).slice(-20000)));
  child.ended = new Promise((done) => child.on('exit', done));
  return child;
}

// How long what held the writer (src/store/sqlite/holds.h), from the log of an engine that has ended.
export function writerHeld(text) {
  const lines = [...text.matchAll(/event=writer_held (.*)/g)].map((m) => `          the writer was held ${m[1].replaceAll('=', ' ')}`);
  return lines.slice(-5).join('\n');
}

export async function end(child) {
  if (child.exitCode === null) child.kill('SIGTERM');
  await child.ended;
}

export class Product {
  constructor(data, share, port, settings) {
    Object.assign(this, { data, port, clients: new Map() });
    this.args = ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...share,
      '--set', 'sign_ins_per_minute=60000', '--set', 'sign_in_burst=10000'];
    for (const one of settings) this.args.push('--set', one);
  }

  async start() {
    const begin = performance.now();
    this.child = launch(join(build, 'kedun'), this.args);
    await until('the first answer', async () => {
      if (this.child.exitCode !== null) throw new Error(this.child.text);
      const c = new Client({ port: this.port, ca: readFileSync(join(this.data, 'tls/ca.crt')) });
      const ready = (await c.get('/readyz')).status === 200;
      c.close();
      return ready;
    }, 60);
    this.startMs = performance.now() - begin;
    this.processes = new Processes(family(this.child.pid));
    return this;
  }

  async as(login) {
    if (!this.clients.has(login)) {
      const c = new Client({ port: this.port, ca: readFileSync(join(this.data, 'tls/ca.crt')) });
      await c.signIn(login, password);
      c.cookie = [...c.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
      this.clients.set(login, c);
    }
    return this.clients.get(login);
  }

  async stop() {
    for (const c of this.clients.values()) c.close();
    await end(this.child);
  }
}

export class Floor {
  // `kept`: FastCGI over kept connections as the product, not a connection for each request.
  constructor(data, file, port, threads, kept = false) {
    Object.assign(this, { data, file, port, threads, kept, dir: `${data}.floor` });
  }

  // The product's own nginx.conf, with the floor's socket, port and folder.
  configuration() {
    let text = readFileSync(join(this.data, 'nginx/nginx.conf'), 'utf8');
    text = text.replaceAll(`unix:${this.data}/run/fastcgi.sock`, `unix:${this.dir}/floor.sock`);
    if (!this.kept) {
      text = text.replace(/upstream engine \{[^}]*\}\n/, '').replaceAll('fastcgi_pass engine', `scgi_pass unix:${this.dir}/floor.sock`)
        .replaceAll('fastcgi_keep_conn on;\n', '').replaceAll('fastcgi_param CONTENT_LENGTH $content_length', 'scgi_param SCGI 1')
        .replaceAll(/fastcgi_(?!temp_path)/g, 'scgi_');
    }
    text = text.replaceAll(`${this.data}/nginx/`, `${this.dir}/nginx/`);
    return text.replace(/listen 127\.0\.0\.1:\d+/, `listen 127.0.0.1:${this.port}`);
  }

  async start() {
    mkdirSync(join(this.dir, 'nginx/run'), { recursive: true });
    writeFileSync(join(this.dir, 'nginx.conf'), `user root root;\n${this.configuration()}`);
    this.child = launch(join(build, 'tests/bench/floor'), [join(this.dir, 'floor.sock'), this.file, String(this.threads), ...(this.kept ? ['kept'] : [])]);
    await until('the floor', () => this.child.text.includes('ready'));
    this.nginx = launch('/usr/sbin/nginx', ['-p', this.dir, '-c', join(this.dir, 'nginx.conf'), '-e', 'stderr']);
    const c = this.client('branch:10');
    await until('the floor answers', async () => {
      if (this.nginx.exitCode !== null) throw new Error(this.nginx.text);
      return (await c.get('/api/v1/records/customer?fields=created_at')).status === 200;
    });
    c.close();
    this.processes = new Processes([this.child.pid, ...family(this.nginx.pid)]);
    return this;
  }

  client(scope) {
    const c = new Client({ port: this.port, ca: readFileSync(join(this.data, 'tls/ca.crt')) });
    c.cookie = `scope=${scope}`;
    c.cookies.set('scope', scope);
    return c;
  }

  async stop() {
    await end(this.nginx);
    await end(this.child);
  }
}

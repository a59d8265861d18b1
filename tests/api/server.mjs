// A real server in a directory of its own: `kedun serve` with nginx and TLS on a free loopback port, the test
// company of company.txt in its keeper.
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putCompany } from './base.mjs';
import { Client } from './client.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = resolve(root, process.env.KEDUN_BUILD ?? 'build');
export const password = 'correct horse battery';

// A port that nobody listens on, below those that the kernel gives to connections: one of these could be taken by any
// connection of another test before the server listens.
export async function freePort() {
  const [low] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
  const isFree = (port) => new Promise((done) => {
    const s = createServer().on('error', () => done(false));
    s.listen(port, '127.0.0.1', () => s.close(() => done(true)));
  });
  for (;;) {
    const port = low > 16384 ? randomInt(low - 12000, low) : randomInt(61000, 65535);
    if (await isFree(port)) return port;
  }
}

// Asks until it is so; the only place that waits. A probe that throws counts as "not yet".
export async function until(what, probe, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const got = await probe();
      if (got) return got;
    } catch (e) {
      last = e;
    }
    await new Promise((go) => setTimeout(go, 25));
  }
  throw new Error(`${what}: not within ${seconds} s${last ? ` (${last.message})` : ''}`);
}

export class Server {
  constructor({ objects = join(root, 'objects'), policies = join(root, 'policies'), company } = {}) {
    this.objects = objects;
    this.policies = policies;
    this.company = company ?? join(root, 'tests/api/company.txt');
    this.log = '';
    this.clients = new Map();
  }

  async start() {
    this.dir = mkdtempSync(join(tmpdir(), 'kedun-api-'));
    chmodSync(this.dir, 0o711);
    this.data = join(this.dir, 'data');
    this.set = ['sign_ins_per_minute=60000', 'sign_in_burst=10000', 'engine_threads=8',
      `objects_dir=${this.objects}`, `policies_dir=${this.policies}`].flatMap((one) => ['--set', one]);
    this.bootstrap();
    await this.launch();
    await this.ready();
    return this;
  }

  async launch() {
    this.port = await freePort();
    const args = ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, ...this.set];
    this.process = spawn(join(build, 'kedun'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const findings = process.env.KEDUN_FINDINGS; // where a sanitizer's report would be read (tests/api/run)
    const keep = (text) => {
      this.log = (this.log + text).slice(-200000);
      if (findings) appendFileSync(join(findings, `${this.process.pid}.log`), text);
    };
    this.process.stdout.on('data', keep);
    this.process.stderr.on('data', keep);
    this.ended = new Promise((done) => this.process.on('exit', (code, signal) => done(code ?? signal)));
  }

  bootstrap() {
    putCompany(join(build, 'tests/api/bootstrap'), join(build, 'tests/bases'), this, this.data);
  }

  async ready() {
    const c = this.client();
    await until(`readiness\n${this.log.slice(-2000)}`, async () => (await c.get('/readyz')).status === 200);
    c.close();
  }

  // A client that nobody has signed in.
  client(from) {
    return new Client({ port: this.port, ca: this.ca(), from });
  }

  ca() {
    try {
      return readFileSync(join(this.data, 'tls/ca.crt'));
    } catch {
      return undefined;
    }
  }

  // The signed-in client of one member of staff; one a server.
  async as(login) {
    if (!this.clients.has(login)) {
      const c = this.client();
      await c.signIn(login, password);
      this.clients.set(login, c);
    }
    return this.clients.get(login);
  }

  async restart() {
    await this.halt();
    for (const c of this.clients.values()) c.close();
    this.clients.clear();
    await this.launch();
    await this.ready();
  }

  async halt() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  async stop() {
    for (const c of this.clients.values()) c.close();
    const code = await this.halt();
    if (process.env.KEDUN_KEEP === undefined) rmSync(this.dir, { recursive: true, force: true });
    return code;
  }
}

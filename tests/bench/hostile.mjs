// What slow and hostile clients cost others: people on kept connections ask 200 times a second, alone first and then beside each attack; their times are
// measured from when a request was due. Twice a second a newcomer agrees on TLS anew and asks once: told apart. Attackers come from other loopback addresses;
// those who send bodies are signed in. All share the machine, so attacks by connections are made on a bare nginx beside the product as well, which does
// nothing but TLS: what people's times are then is what the attackers' programs and the machine cost, with no part of the product attacked.
// Quiet, bare nginx and product follow each other in every round; what is judged is the median of the rounds' ratios, and all are printed: one round's p99
// is the tenth worst of a thousand requests.
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpus, getPriority, loadavg, setPriority } from 'node:os';
import { attacks } from '../api/attacks.mjs';
import { Client } from '../api/client.mjs';
import { FIELDS } from './cases.mjs';
import { makeData } from './data.mjs';
import { Processes, Product, end, family, launch } from './servers.mjs';

const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const RATE = 200, WARM_SECONDS = 2, HEAD_START_MS = 3000;
// Connections, or requests in flight; 10,000 idle ones from several addresses.
const sizes = { idle: 8000, idle_tls: 2000, hellos: 2000, slow_headers: 1000, slow_bodies: 400, resets: 100, huge: 8, many: 8, deep: 8, not_utf8: 8, filter: 8, leaves: 8 };
const byConnections = ['idle', 'idle_tls', 'hellos', 'slow_headers', 'slow_bodies', 'resets'];

// ---- in processes of their own ----

function summary(times, refused) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { n: times.length, p50: at(0.5), p99: at(0.99), max: at(1), refused };
}

async function askAll(c, paths, seconds) {
  const times = [], refused = {}, all = [], begin = performance.now();
  for (let n = 0; n < seconds * RATE; n++) {
    const due = begin + (n * 1000) / RATE;
    while (performance.now() < due) await pause(Math.max(0, due - performance.now()));
    all.push(c.get(paths[n % paths.length]).then((a) => a.status, (e) => e.code).then((status) => {
      times.push(performance.now() - due);
      if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
    }));
  }
  await Promise.all(all);
  return summary(times, refused);
}

// Whose connections stand before anything is measured; measures as often as told, for so many seconds.
async function victim({ port, ca, cookie }) {
  const c = new Client({ port, ca: Buffer.from(ca) });
  c.agent.maxSockets = 32;
  c.cookies = new Map([cookie.split('=')]);
  const list = `/api/v1/records/customer?limit=50&fields=${FIELDS}`;
  const { items } = (await c.get(list)).json;
  const paths = [...items.map((i) => `/api/v1/records/customer/${i.id}`), list];
  await Promise.all(Array.from({ length: 32 }, () => c.get(list)));
  await askAll(c, paths, WARM_SECONDS);
  process.on('message', async ({ seconds }) => process.send(await askAll(c, paths, seconds)));
  process.send({ ready: true });
}

async function newcomer({ port, ca, cookie }) {
  process.on('message', async ({ seconds }) => {
    const times = [], refused = {}, all = [];
    for (let n = 0; n < seconds * 2; n++) {
      const c = new Client({ port, ca: Buffer.from(ca) }), begin = performance.now();
      c.cookies = new Map([cookie.split('=')]);
      all.push(c.get('/api/v1/me').then((a) => a.status, (e) => e.code).then((status) => {
        times.push(performance.now() - begin);
        if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
        c.close();
      }));
      await pause(500);
    }
    await Promise.all(all);
    process.send(summary(times, refused));
  });
  process.send({ ready: true });
}

// Attackers' own work is not the server's: elsewhere it would be another machine's. Every thread of it gives way.
function giveWay() {
  const to = Math.min(19, getPriority() + 15);
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), to);
}

function attack({ port, ca, cookie, csrf, kind, count }) {
  giveWay();
  const parts = Math.ceil(count / 2500);
  const running = Array.from({ length: parts }, (_, i) => attacks[kind]({ port, ca: Buffer.from(ca), cookie, csrf, from: `127.0.0.${10 + i}`, count: Math.ceil(count / parts) }));
  setTimeout(() => process.send({ ready: true }), HEAD_START_MS);
  process.on('message', () => {
    const seen = {};
    for (const r of running) {
      seen.standing = (seen.standing ?? 0) + (r.open?.size ?? 0);
      for (const [k, n] of Object.entries(r.seen)) seen[k] = (seen[k] ?? 0) + n;
      r.stop();
    }
    process.send(seen, () => process.exit());
  });
}

const start = (role, o) => fork(process.argv[1], ['--child', role, JSON.stringify(o)]);
const said = (child) => new Promise((done, failed) => {
  child.once('message', done);
  child.once('exit', (code) => failed(new Error(`a child ended: ${code}`)));
});

// ---- the run ----

function options(args) {
  const o = { kinds: [], customers: 20000, seconds: 8, rounds: 3, work: '/var/tmp/kedun-bench', port: 19643, set: [] };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].replace(/^--/, '');
    if (['customers', 'seconds', 'rounds', 'port'].includes(name)) o[name] = Number(args[++i]);
    else if (['json', 'work'].includes(name)) o[name] = args[++i];
    else if (name === 'set') o.set.push(args[++i]);
    else if (sizes[name]) o.kinds.push(name);
    else throw new Error(`unknown ${args[i]}; attacks are ${Object.keys(sizes).join(' ')}`);
  }
  if (o.kinds.length === 0) o.kinds = Object.keys(sizes);
  return o;
}

const asked = (child, message) => {
  const answer = said(child);
  child.send(message);
  return answer;
};

// People and newcomers, for so many seconds.
async function measure(people, seconds) {
  const [m, anew] = await Promise.all([asked(people.victim, { seconds }), asked(people.newcomer, { seconds })]);
  return { ...m, anew };
}

async function beside(o, kind, people, foe, pids) {
  const a = start('attack', { ...foe, kind, count: sizes[kind] });
  await said(a);
  const processes = new Processes([...pids, a.pid], { attackers: /--child.attack/ }), begun = processes.cpu();
  const m = await measure(people, o.seconds), ended = processes.cpu();
  const seen = await asked(a, 'stop');
  await pause(1000);
  // Thousandths of a core.
  const cpu = Object.fromEntries(Object.keys(ended).map((name) => [name, Math.round((ended[name] - begun[name]) / o.seconds / 1000)]).filter(([, n]) => n > 0));
  return { ...m, seen, cpu };
}

// An nginx with the product's certificate, times and nothing behind it.
function bareNginx(o, data) {
  const dir = join(o.work, 'bare-nginx'), conf = join(dir, 'nginx.conf');
  mkdirSync(dir, { recursive: true });
  writeFileSync(conf, `user root root;\ndaemon off;\nworker_processes 1;\npid ${dir}/pid;\nerror_log stderr crit;\nevents { worker_connections 20480; }\n` +
    `http {\naccess_log off;\nclient_header_timeout 10s;\nclient_body_timeout 10s;\nreset_timedout_connection on;\nserver {\nlisten 127.0.0.1:${o.port + 1} ssl deferred backlog=4096;\n` +
    `ssl_certificate ${data}/tls/server.crt;\nssl_certificate_key ${data}/tls/server.key;\nssl_protocols TLSv1.2 TLSv1.3;\nssl_session_tickets off;\n` +
    'location / { return 204; }\n}\n}\n');
  return launch('/usr/sbin/nginx', ['-p', dir, '-c', conf, '-e', 'stderr']);
}

const cookieOf = (c) => [...c.cookies].map((pair) => pair.join('=')).join('; ');

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function told({ quiet, during, floor }) {
  const times = (m) => `p50 ${m.p50.toFixed(1)} p99 ${m.p99.toFixed(1)} (newcomers ${m.anew.p50.toFixed(0)}, most ${m.anew.max.toFixed(0)})`;
  return `  ms: quiet ${times(quiet)}  beside it ${times(during)}${floor ? `  beside it on the bare nginx ${times(floor)}` : ''}\n` +
    `  people refused ${JSON.stringify(during.refused)}, newcomers ${JSON.stringify(during.anew.refused)}; attackers ${JSON.stringify(during.seen)}\n` +
    `  thousandths of a core ${JSON.stringify(during.cpu)}${floor ? `, on the bare nginx ${JSON.stringify(floor.cpu)} ${JSON.stringify(floor.seen)}` : ''}`;
}

// One attack, in rounds: each with its own quiet time beside it, because neighbours change.
async function judge(o, kind, people, foe, bare, product) {
  const rounds = [];
  for (let n = 0; n < o.rounds; n++) {
    const quiet = await measure(people, o.seconds);
    const floor = byConnections.includes(kind) ? await beside(o, kind, people, { ...foe, port: o.port + 1 }, family(bare.pid)) : null;
    const during = await beside(o, kind, people, foe, family(product.child.pid));
    rounds.push({ ratio: during.p99 / quiet.p99, floor_ratio: floor && floor.p99 / quiet.p99, quiet, during, floor });
    console.log(told(rounds.at(-1)));
  }
  const all = (name) => rounds.map((r) => r[name].toFixed(2)).join(' ');
  const line = { attack: kind, size: sizes[kind], ratio: median(rounds.map((r) => r.ratio)), floor_ratio: rounds[0].floor ? median(rounds.map((r) => r.floor_ratio)) : null, rounds };
  console.log(`${kind.padEnd(13)} ${String(line.size).padStart(5)}  ratio ${line.ratio.toFixed(2)} (${all('ratio')})${line.floor_ratio === null ? '' : `, on the bare nginx ${line.floor_ratio.toFixed(2)} (${all('floor_ratio')})`}`);
  return line;
}

async function main() {
  const o = options(process.argv.slice(2));
  const { data, share } = makeData(o.work, o.customers);
  const product = await new Product(data, share, o.port, o.set).start();
  const ca = readFileSync(join(data, 'tls/ca.crt'), 'utf8');
  console.log(`${o.customers} customers; ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}; ${RATE} requests a second for ${o.seconds} s each, ${o.rounds} rounds; settings: ${o.set.join(' ') || 'as shipped'}`);
  const lines = [], bare = bareNginx(o, data), people = {};
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      for (const child of [bare, product.child]) child.kill('SIGTERM');
      process.exit(1);
    });
  try {
    const own = { port: o.port, ca, cookie: cookieOf(await product.as('service')) };
    const foe = { port: o.port, ca, cookie: cookieOf(await product.as('sales')), csrf: (await product.as('sales')).csrf };
    for (const role of ['victim', 'newcomer']) await said((people[role] = start(role, own)));
    for (const kind of o.kinds) lines.push(await judge(o, kind, people, foe, bare, product));
  } finally {
    for (const child of Object.values(people)) child.kill();
    await end(bare);
    await product.stop();
  }
  if (o.json) writeFileSync(o.json, JSON.stringify(lines, null, 1));
}

if (process.argv[2] === '--child') {
  process.on('disconnect', () => process.exit());
  await { victim, newcomer, attack }[process.argv[3]](JSON.parse(process.argv[4]));
} else {
  await main();
}

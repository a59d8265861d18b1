// ./do bench hostile [--customers N] [--seconds S] [--work DIR] [--port P] [--json FILE] [--set KEY=VALUE] [ATTACK...]
// What slow and hostile clients cost others: people ask 200 times a second, alone first and then beside each attack; their times are
// measured from when a request was due. Attackers come from other loopback addresses; those who send bodies are signed in.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpus, loadavg, setPriority } from 'node:os';
import { attacks } from '../api/attacks.mjs';
import { Client } from '../api/client.mjs';
import { FIELDS } from './cases.mjs';
import { makeData } from './data.mjs';
import { Product } from './servers.mjs';

const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const RATE = 200;
// Connections, or requests in flight; 10,000 idle ones from several addresses.
const sizes = { idle: 8000, idle_tls: 2000, slow_headers: 1000, slow_bodies: 400, resets: 100, huge: 8, many: 8, deep: 8, not_utf8: 8, filter: 8, leaves: 8 };

// ---- in processes of their own ----

async function victim({ port, ca, cookie, seconds }) {
  const c = new Client({ port, ca: Buffer.from(ca) });
  c.agent.maxSockets = 32;
  c.cookies = new Map([cookie.split('=')]);
  const { items } = (await c.get(`/api/v1/records/customer?limit=50&fields=${FIELDS}`)).json;
  const paths = [...items.map((i) => `/api/v1/records/customer/${i.id}`), `/api/v1/records/customer?limit=50&fields=${FIELDS}`];
  const times = [], refused = {};
  const begin = performance.now(), all = [];
  for (let n = 0; n < seconds * RATE; n++) {
    const due = begin + (n * 1000) / RATE;
    while (performance.now() < due) await pause(Math.max(0, due - performance.now()));
    all.push(c.get(paths[n % paths.length]).then((a) => a.status, (e) => e.code).then((status) => {
      times.push(performance.now() - due);
      if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
    }));
  }
  await Promise.all(all);
  c.close();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  process.send({ n: times.length, p50: at(0.5), p99: at(0.99), max: at(1), refused });
}

// Attackers' own work is not the server's: elsewhere it would be another machine's.
function attack({ port, ca, cookie, csrf, kind, count }) {
  setPriority(10);
  const parts = Math.ceil(count / 2500);
  const running = Array.from({ length: parts }, (_, i) => attacks[kind]({ port, ca: Buffer.from(ca), cookie, csrf, from: `127.0.0.${10 + i}`, count: Math.ceil(count / parts) }));
  setTimeout(() => process.send({ ready: true }), 3000);
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
  const o = { kinds: [], customers: 5000, seconds: 10, work: '/var/tmp/kedun-bench', port: 19643, set: [] };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].replace(/^--/, '');
    if (['customers', 'seconds', 'port'].includes(name)) o[name] = Number(args[++i]);
    else if (['json', 'work'].includes(name)) o[name] = args[++i];
    else if (name === 'set') o.set.push(args[++i]);
    else if (sizes[name]) o.kinds.push(name);
    else throw new Error(`unknown ${args[i]}; attacks are ${Object.keys(sizes).join(' ')}`);
  }
  if (o.kinds.length === 0) o.kinds = Object.keys(sizes);
  return o;
}

async function measure(own, o) {
  const v = start('victim', { ...own, seconds: o.seconds });
  return said(v);
}

async function beside(o, kind, own, foe) {
  const a = start('attack', { ...foe, kind, count: sizes[kind] });
  await said(a);
  const m = await measure(own, o);
  a.send('stop');
  const seen = await said(a);
  await pause(1000);
  return { ...m, seen };
}

const cookieOf = (c) => [...c.cookies].map((pair) => pair.join('=')).join('; ');

async function main() {
  const o = options(process.argv.slice(2));
  const { data, share } = makeData(o.work, o.customers);
  const product = await new Product(data, share, o.port, o.set).start();
  const ca = readFileSync(join(data, 'tls/ca.crt'), 'utf8');
  console.log(`${o.customers} customers; ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}; ${RATE} requests a second for ${o.seconds} s each; settings: ${o.set.join(' ') || 'as shipped'}`);
  const lines = [];
  try {
    const own = { port: o.port, ca, cookie: cookieOf(await product.as('service')) };
    const foe = { port: o.port, ca, cookie: cookieOf(await product.as('sales')), csrf: (await product.as('sales')).csrf };
    await measure(own, { seconds: 2 });
    for (const kind of o.kinds) {
      // The quiet beside it is measured again each time: neighbours change.
      const before = await measure(own, o), during = await beside(o, kind, own, foe);
      const ratio = during.p99 / before.p99;
      lines.push({ attack: kind, size: sizes[kind], quiet_p50_ms: before.p50, quiet_p99_ms: before.p99, p50_ms: during.p50, p99_ms: during.p99, ratio, refused: during.refused, seen: during.seen });
      console.log(`${kind.padEnd(13)} ${String(sizes[kind]).padStart(5)}  quiet p50 ${before.p50.toFixed(1)} p99 ${before.p99.toFixed(1)}  beside it p50 ${during.p50.toFixed(1)} p99 ${during.p99.toFixed(1)} ms  ` +
        `ratio ${ratio.toFixed(2)}  people refused ${JSON.stringify(during.refused)}  attackers ${JSON.stringify(during.seen)}`);
    }
  } finally {
    await product.stop();
  }
  if (o.json) writeFileSync(o.json, JSON.stringify(lines, null, 1));
}

if (process.argv[2] === '--child') {
  const o = JSON.parse(process.argv[4]);
  if (process.argv[3] === 'victim') victim(o).then(() => process.exit());
  else attack(o);
} else {
  await main();
}

// ./do bench [CASE...] [--customers N] [--json FILE] [--seconds S] [--connections 1,16,64] [--work DIR] [--port P] [--set KEY=VALUE] [--kept]
import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { cases, actors } from './cases.mjs';
import { budget, makeData, makeFloor } from './data.mjs';
import { load, refusals } from './load.mjs';
import { Floor, Product, writerHeld } from './servers.mjs';

function options(args) {
  const o = { cases: [], customers: 100000, seconds: 5, connections: [1, 16, 64], work: '/var/tmp/kedun-bench', port: 19543, set: [] };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].startsWith('--') ? args[i].slice(2) : undefined;
    if (!name) o.cases.push(args[i]);
    else if (['customers', 'seconds', 'port'].includes(name)) o[name] = Number(args[++i]);
    else if (name === 'connections') o.connections = args[++i].split(',').map(Number);
    else if (name === 'json' || name === 'work') o[name] = args[++i];
    else if (name === 'set') o.set.push(args[++i]);
    else if (name === 'kept') o.kept = true;
    else throw new Error(`unknown option ${args[i]}`);
  }
  const known = [...Object.keys(cases), 'import', 'idle'];
  if (o.cases.length === 0) o.cases = known;
  for (const c of o.cases) if (!known.includes(c)) throw new Error(`no case ${c}; there are ${known.join(' ')}`);
  if (!(o.customers >= 1000)) throw new Error('--customers takes a number from 1000');
  return o;
}

const n = (x, digits = 0) => (x === null || x === undefined ? '-' : x.toFixed(digits));
const cpuText = (cpu) => Object.entries(cpu).map(([k, v]) => `${k} ${v}`).join(' + ');

function report(o, line) {
  if (o.json) appendFileSync(o.json, `${JSON.stringify(line)}\n`);
  console.log(`${line.case.padEnd(9)} ${String(line.connections).padStart(3)} conn ${n(line.rate).padStart(7)} ${line.unit.padEnd(10)} ` +
    `floor ${n(line.floor_rate).padStart(7)} ratio ${n(line.ratio, 2)}  p50 ${n(line.p50_ms, 1)} p99 ${n(line.p99_ms, 1)} ms  ${n(line.rss_mb)} MB` +
    (line.cpu_us ? `\n          CPU µs: ${cpuText(line.cpu_us)} = ${line.cpu_us_total}; floor ${cpuText(line.floor_cpu_us)} = ${line.floor_cpu_us_total}` : '') +
    (line.refused ? `\n          ${line.refused} requests were refused; by code, or asked once more: ${JSON.stringify(line.why)}` : ''));
}

const sum = (cpu) => Object.values(cpu).reduce((a, b) => a + b, 0);

// Product and floor take turns at each number of connections, so that both see the same neighbours.
async function runCase(o, name, product, floor) {
  const c = cases[name], own = await product.as(c.actor), plain = floor.client(actors[c.actor]);
  const asked = await c.product(own), askedFloor = await c.floor(plain);
  await load(product, own, asked, 16, 1, o.work);
  await load(floor, plain, askedFloor, 16, 1, o.work);
  for (const connections of o.connections) {
    const a = await load(product, own, asked, connections, o.seconds, o.work);
    const b = await load(floor, plain, askedFloor, connections, o.seconds, o.work);
    report(o, {
      case: name, customers: o.customers, connections, rate: a.rate, unit: c.unit, floor_rate: b.rate, ratio: a.rate / b.rate,
      p50_ms: a.p50_ms, p99_ms: a.p99_ms, rss_mb: product.processes.memory(), cpu_us: a.cpu, cpu_us_total: sum(a.cpu),
      floor_cpu_us: b.cpu, floor_cpu_us_total: sum(b.cpu), floor_p99_ms: b.p99_ms, bytes: Math.round(a.bytes), floor_bytes: Math.round(b.bytes),
      refused: a.refused + a.broken, why: a.refused > 0 ? { ...a.why, ...(await refusals(own, asked)) } : undefined,
    });
  }
  plain.close();
}

function runImport(o, made) {
  report(o, { case: 'import', customers: o.customers, connections: 0, rate: made.rows / made.seconds, unit: 'rows/s', floor_rate: null, ratio: null, p50_ms: null, p99_ms: null, rss_mb: null });
  console.log('          the demo company was written in sealed batches of 800 rows, all fourteen kinds of record (no CSV, no floor)');
}

function runIdle(o, product) {
  report(o, { case: 'idle', customers: o.customers, connections: 0, rate: product.startMs, unit: 'ms start', floor_rate: null, ratio: null, p50_ms: null, p99_ms: null, rss_mb: product.processes.memory() });
}

const o = options(process.argv.slice(2));
if (o.json) writeFileSync(o.json, '');
const { data, share, made } = makeData(o.work, o.customers);
const file = makeFloor(data);
const product = await new Product(data, share, o.port, o.set).start();
const floor = await new Floor(data, file, o.port + 1, 32, o.kept).start();
console.log(`${o.customers} customers; ${cpus().length} x ${cpus()[0].model.trim()}, Linux ${release()}, load ${loadavg()[0].toFixed(1)}; TLS, jails and audit on; ` +
  `load generator on the same machine; settings: ${o.set.join(' ') || 'as shipped'}; floor: ${o.kept ? 'FastCGI over kept connections' : 'SCGI'}`);
console.log(`budgets of every role and of the company: ${budget.day} distinct people and look-ups a minute, hour and day`);
try {
  if (o.cases.includes('idle')) runIdle(o, product);
  if (o.cases.includes('import')) runImport(o, made);
  for (const name of o.cases) if (cases[name]) await runCase(o, name, product, floor);
} finally {
  await floor.stop();
  await product.stop();
  if (o.cases.includes('create')) console.log(writerHeld(product.child.text));
}

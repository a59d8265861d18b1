// ./do bench matrix: every speed bar of docs/performance.md, the floor in the same run; writes one JSON file and a report.
//   tests/bench/matrix.mjs [CASE...] [--customers 100000,1000000] [--connections 1,16,64] [--seconds S] [--rounds R]
//     [--rows N] [--json FILE] [--against FILE] [--work DIR] [--minutes M] [--set KEY=VALUE] [--quick]
// Cases: idle page sales detail search last4 fragment create import. It stops by itself after --minutes: what is not
// measured by then is left out and said so. Everything is on loopback. Bases are kept in --work; what is written goes
// into copies of them that are removed. --quick: one round of two seconds each, imports of 20,000 rows, 15 minutes.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { freePort, Server } from '../api/server.mjs';
import { actors, cases } from './cases.mjs';
import { budget, makeData, makeFloor, root } from './data.mjs';
import { followJob, importFile, makeCsv, sleep } from './imports.mjs';
import { load } from './load.mjs';
import { report } from './report.mjs';
import { Floor, Product, writerHeld } from './servers.mjs';

const READS = ['page', 'sales', 'detail', 'search', 'last4', 'fragment'];
const ALL = ['idle', ...READS, 'create', 'import'];

function options(args) {
  const o = { cases: [], customers: [100000], connections: [1, 16, 64], seconds: 3, rounds: 3, rows: 100000, minutes: 60, work: '/var/tmp/kedun-bench', set: [] };
  if (args.includes('--quick')) Object.assign(o, { seconds: 2, rounds: 1, rows: 20000, minutes: 15 });
  for (let i = 0; i < args.length; i++) {
    const name = args[i].startsWith('--') ? args[i].slice(2) : undefined;
    if (!name) o.cases.push(args[i]);
    else if (name === 'quick') continue;
    else if (name === 'customers' || name === 'connections') o[name] = args[++i].split(',').map(Number);
    else if (['seconds', 'rounds', 'rows', 'minutes'].includes(name)) o[name] = Number(args[++i]);
    else if (['json', 'against', 'work'].includes(name)) o[name] = args[++i];
    else if (name === 'set') o.set.push(args[++i]);
    else throw new Error(`unknown option ${args[i]}`);
  }
  for (const c of o.cases) if (!ALL.includes(c)) throw new Error(`no case ${c}; there are ${ALL.join(' ')}`);
  if (o.cases.length === 0) o.cases = ALL;
  if (!o.customers.every((n) => n >= 1000)) throw new Error('--customers takes numbers from 1000');
  if (o.against && !existsSync(o.against)) throw new Error(`there is no ${o.against}`);
  o.end = Date.now() + o.minutes * 60000;
  return o;
}

const sum = (all) => Object.values(all).reduce((a, b) => a + b, 0);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const middle = (rounds, of) => median(rounds.map(of));

function medianCpu(rounds) {
  const names = [...new Set(rounds.flatMap((r) => Object.keys(r.cpu)))];
  return Object.fromEntries(names.map((name) => [name, middle(rounds, (r) => r.cpu[name] ?? 0)]));
}

const say = (text) => process.stderr.write(`${text}\n`);

class Matrix {
  constructor(o) {
    Object.assign(this, { o, results: [], leftOut: [] });
  }

  // Whether there is time for one more; else it is noted.
  time(what) {
    if (Date.now() < this.o.end) return true;
    this.leftOut.push(`${what}: out of time`);
    return false;
  }

  add(line) {
    this.results.push(line);
    say(`  ${line.case}, ${line.customers} customers, ${line.connections || '-'} conn: ${Math.round(line.rate ?? 0)} ${line.unit ?? ''}` +
      `${line.p99_ms ? `, p99 ${line.p99_ms.toFixed(1)} ms` : ''}${line.cpu_us_total ? `, ${Math.round(line.cpu_us_total)} µs of CPU (floor ${Math.round(line.floor_cpu_us_total ?? 0)})` : ''}`);
  }

  // Product and floor take turns, `rounds` times; medians.
  async beside(name, customers, product, floor) {
    const o = this.o, c = cases[name], own = await product.as(c.actor), plain = floor.client(actors[c.actor]);
    const asked = await c.product(own), askedFloor = await c.floor(plain);
    await load(product, own, asked, 16, 1, o.work);
    await load(floor, plain, askedFloor, 16, 1, o.work);
    for (const connections of o.connections) {
      if (!this.time(`${name}, ${customers} customers, ${connections} conn`)) continue;
      const a = [], b = [];
      for (let i = 0; i < o.rounds; i++) {
        a.push(await load(product, own, asked, connections, o.seconds, o.work));
        b.push(await load(floor, plain, askedFloor, connections, o.seconds, o.work));
      }
      const ratios = a.map((x, i) => x.rate / b[i].rate);
      this.add({ case: name, customers, connections, unit: c.unit, rate: middle(a, (x) => x.rate), floor_rate: middle(b, (x) => x.rate), ratio: median(ratios),
        spread: (Math.max(...ratios) - Math.min(...ratios)) / median(ratios), p50_ms: middle(a, (x) => x.p50_ms), p99_ms: middle(a, (x) => x.p99_ms),
        floor_p99_ms: middle(b, (x) => x.p99_ms), memory_mb: product.processes.memory(), cpu_us: medianCpu(a), cpu_us_total: middle(a, (x) => sum(x.cpu)),
        floor_cpu_us: medianCpu(b), floor_cpu_us_total: middle(b, (x) => sum(x.cpu)), refused: sum(a.map((x) => x.refused + x.broken)), load: +loadavg()[0].toFixed(1) });
    }
    plain.close();
  }

  // After a first start that brings everything home: start again, look after two seconds of rest.
  async idle(customers, data, share) {
    if (!this.o.cases.includes('idle') || !this.time(`idle, ${customers} customers`)) return;
    const starts = [];
    let product;
    for (let i = 0; i < Math.max(2, this.o.rounds); i++) {
      await product?.stop();
      product = await new Product(data, share, await freePort(), this.o.set).start();
      starts.push(product.startMs);
    }
    await sleep(2000);
    const memory = product.processes.own(), three = (all) => sum(Object.entries(all).filter(([k]) => k !== 'supervisor').map(([, v]) => v));
    this.add({ case: 'idle', customers, connections: 0, start_ms: median(starts), memory, memory_mb: three(memory), pss_mb: three(product.processes.shared()), load: +loadavg()[0].toFixed(1) });
    await product.stop();
  }

  async reads(customers, data, share, file) {
    const names = READS.filter((n) => this.o.cases.includes(n));
    if (names.length > 0) await this.with(data, share, file, async (product, floor) => {
      for (const name of names) if (this.time(`${name}, ${customers} customers`)) await this.beside(name, customers, product, floor);
    });
  }

  async with(data, share, file, what) {
    const product = await new Product(data, share, await freePort(), this.o.set).start();
    const floor = await new Floor(data, file, await freePort(), 32).start();
    try {
      await what(product, floor);
    } finally {
      await floor.stop();
      await product.stop();
      say(writerHeld(product.child.text));
    }
  }

  // Creates and an import go into a copy, so that the base stays what it was.
  async writes(customers, data, share, file) {
    const copy = join(this.o.work, 'copy');
    if (!this.o.cases.includes('create') && !this.o.cases.includes('import')) return;
    if (!this.time(`create and import, ${customers} customers`)) return;
    execFileSync('rm', ['-rf', copy, `${copy}.floor.db`, `${copy}.floor`]);
    try {
      execFileSync('cp', ['-a', data, copy]);
      execFileSync('cp', [file, `${copy}.floor.db`]);
      await this.with(copy, share, `${copy}.floor.db`, async (product, floor) => {
        if (this.o.cases.includes('create')) await this.beside('create', customers, product, floor);
        if (this.o.cases.includes('import')) await this.imports(customers, await product.as('leader'), product.child.pid, 2);
        if (this.o.cases.includes('create')) await this.createsBeside(customers, product);
      });
    } finally {
      execFileSync('rm', ['-rf', copy, `${copy}.floor.db`, `${copy}.floor`]);
    }
  }

  async imports(customers, client, pid, seed) {
    if (!this.time(`import, ${customers} customers`)) return;
    const rows = this.o.rows, { job } = await importFile(client, makeCsv(this.o.work, rows, seed));
    const f = await followJob(client, pid, job, rows, (j) => j.result.rows);
    this.add({ case: 'import', customers, connections: 0, unit: 'rows/s', rate: rows / f.seconds, rows, memory: f.memory, memory_mb: f.memory_mb,
      cpu_us: f.cpu_us, cpu_us_total: sum(f.cpu_us), result: f.result, load: +loadavg()[0].toFixed(1) });
  }

  // Creates are played as long as the import of a file goes on, at most.
  async createsBeside(customers, product) {
    const o = this.o, own = await product.as('sales'), leader = await product.as('leader'), asked = await cases.create.product();
    for (const connections of o.connections) {
      const what = `create beside import, ${customers} customers, ${connections} conn`;
      if (!this.time(what)) continue;
      const { job } = await importFile(leader, makeCsv(o.work, o.rows, 10 + connections));
      const a = await load(product, own, asked, connections, o.seconds, o.work);
      const { state } = (await leader.get(`/api/v1/jobs/${job}`)).json;
      const end = await followJob(leader, product.child.pid, job, o.rows, (j) => j.result.rows);
      if (state === 'done') this.leftOut.push(`${what}: the import was over before the creates (--rows)`);
      else this.add({ case: 'create beside import', customers, connections, unit: 'records/s', rate: a.rate, p50_ms: a.p50_ms, p99_ms: a.p99_ms, cpu_us: a.cpu,
        import_seconds: a.us / 1e6 + end.seconds, refused: a.refused + a.broken, load: +loadavg()[0].toFixed(1) });
    }
  }

  async empty() {
    if (!this.o.cases.includes('import') || !this.time('import into an empty base')) return;
    const server = await new Server().start();
    try {
      await this.imports(0, await server.as('leader'), server.process.pid, 1);
    } finally {
      await server.stop();
    }
  }

  async run() {
    await this.empty();
    for (const customers of this.o.customers) {
      say(`${customers} customers`);
      const { data, share } = makeData(this.o.work, customers, true), file = makeFloor(data);
      await this.idle(customers, data, share);
      await this.reads(customers, data, share, file);
      await this.writes(customers, data, share, file);
    }
  }
}

function commit() {
  const git = (...args) => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout?.trim() ?? '';
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : ''}`;
}

function describe(o, began) {
  return {
    commit: commit(), date: began.toISOString(), minutes: +((Date.now() - began) / 60000).toFixed(1),
    machine: `${cpus().length} x ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; load ${loadavg().map((x) => x.toFixed(1)).join(' ')} at the end; the load generator is on it too`,
    configuration: `TLS, jails, audit, explorer's index; settings: ${o.set.join(' ') || 'as shipped'}; ${o.rounds} rounds of ${o.seconds} s, product and floor in turn, medians; imports of ${o.rows} rows`,
    budgets: `${budget.day} distinct people and look-ups a minute, hour and day, for every role and the company`,
    mix: Object.entries(cases).map(([name, c]) => `${name}: ${c.what} (${c.actor})`).join('; '),
  };
}

const o = options(process.argv.slice(2)), began = new Date(), matrix = new Matrix(o);
mkdirSync(o.work, { recursive: true });
const against = o.against ? JSON.parse(readFileSync(o.against, 'utf8')) : undefined;
try {
  await matrix.run();
} finally {
  const run = { run: { ...describe(o, began), left_out: matrix.leftOut }, results: matrix.results };
  const json = o.json ?? join(o.work, `matrix-${began.toISOString().slice(0, 19).replaceAll(':', '')}.json`);
  writeFileSync(json, `${JSON.stringify(run, null, 1)}\n`);
  const text = report(run, against).join('\n');
  writeFileSync(`${json.replace(/\.json$/, '')}.txt`, `${text}\n`);
  console.log(text);
  console.log(`\nwritten: ${json}`);
}

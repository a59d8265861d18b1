// What the import of a CSV costs: rows a second, CPU time and memory by process, and how long a single create waits
// meanwhile. The file is the demo's (1 % bad rows), the server one of its own, removed at the end.
//   tests/bench/import.mjs [--rows N] [--before N] [--creates] [--undo] [--json FILE]
// --before: so many rows stand already (imported first); --creates: single creates go on beside; --undo: then undo it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, openSync, readSync, closeSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '../api/client.mjs';
import { build, Server } from '../api/server.mjs';
import { family, Processes } from './servers.mjs';

function options(args) {
  const o = { rows: 100000, before: 0 };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].slice(2);
    if (name === 'rows' || name === 'before') o[name] = Number(args[++i]);
    else if (name === 'json' || name === 'pids') o[name] = args[++i];
    else if (name === 'creates' || name === 'undo') o[name] = true;
    else throw new Error(`unknown option ${args[i]}`);
  }
  return o;
}

const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
const base = '/api/v1/imports';

async function upload(c, file) {
  const size = statSync(file).size;
  const { id, part_size } = ok(await c.post(base, { object: 'customer', file_name: 'customers.csv', size }), 201);
  const fd = openSync(file, 'r');
  for (let n = 0; n * part_size < size; n++) {
    const part = Buffer.alloc(Math.min(part_size, size - n * part_size));
    readSync(fd, part, 0, part.length, n * part_size);
    ok(await c.request('PUT', `${base}/${id}/parts/${n}`, { body: part, headers: { 'content-type': 'application/octet-stream' } }), 204);
  }
  closeSync(fd);
  return id;
}

const plan = (seen) => ({ mapping: seen.columns.map((x, column) => ({ column, field: x.suggested_field })).filter((m) => m.field) });

// RssAnon by process, MiB.
function memory(processes) {
  const all = {};
  for (const { pid, name } of processes.pids) {
    try {
      const kib = Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
      all[name] = (all[name] ?? 0) + kib / 1024;
    } catch {
      // ended meanwhile
    }
  }
  return all;
}

// Asks for the job's state until it is over; gathers (time, rows) and the most memory.
async function follow(c, server, job, done) {
  const points = [], most = {};
  let at;
  do {
    await sleep(400);
    at = ok(await c.get(`/api/v1/jobs/${job}`));
    points.push([performance.now(), done(at)]);
    for (const [k, v] of Object.entries(memory(new Processes(family(server.process.pid))))) most[k] = Math.max(most[k] ?? 0, v);
  } while (!['done', 'failed', 'cancelled'].includes(at.state));
  if (at.state !== 'done') throw new Error(JSON.stringify(at));
  return { at, points, most };
}

const rate = ([t0, n0], [t1, n1]) => Math.round((n1 - n0) / ((t1 - t0) / 1000));

function spread(points, rows) {
  const part = Math.min(100000, rows / 4), end = points.at(-1);
  const after = points.find((p) => p[1] >= part) ?? end;
  const before = points.findLast((p) => p[1] <= end[1] - part) ?? points[0];
  return { first: rate(points[0], after), last: rate(before, end) };
}

// One single create after the other, with 5 ms of rest, until told to stop.
async function creates(server, state) {
  const c = await server.as('sales1');
  for (let i = 0; !state.over; i++) {
    const begin = performance.now();
    const fields = { customer_type: 'company', name: `旁边的公司${i}`, mobile: `1991${String(i).padStart(7, '0')}` };
    ok(await c.post('/api/v1/records/customer', fields), 201);
    state.ms.push(performance.now() - begin);
    await sleep(5);
  }
}

function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

const folder = (dir) => readdirSync(dir).reduce((n, f) => n + statSync(join(dir, f)).size, 0);

async function measured(what, server, run, rows, o) {
  const processes = new Processes(family(server.process.pid));
  const cpu = processes.cpu(), begin = performance.now();
  const { at, points, most } = await run();
  const seconds = (performance.now() - begin) / 1000, used = processes.cpu();
  const cpuSeconds = Object.fromEntries(Object.entries(used).map(([k, v]) => [k, +((v - (cpu[k] ?? 0)) / 1e6 / rows * 1e5).toFixed(2)]).filter(([, v]) => v > 0));
  const line = { case: what, rows, seconds: +seconds.toFixed(1), rate: Math.round(rows / seconds), ...spread(points, rows), cpu_s_per_100k: cpuSeconds,
    memory_mib: Object.fromEntries(Object.entries(most).map(([k, v]) => [k, Math.round(v)])), result: at.result };
  console.log(JSON.stringify(line));
  if (o.json) appendFileSync(o.json, `${JSON.stringify(line)}\n`);
}

async function importFile(c, server, file) {
  const id = await upload(c, file);
  const seen = ok(await c.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await c.post(`${base}/${id}/start`, plan(seen)), 202);
  return { id, job };
}

async function csv(dir, rows, seed) {
  const file = join(dir, `${seed}.csv`);
  execFileSync(join(build, 'kedun'), ['demo', '--csv', file, '--rows', String(rows), '--seed', String(seed)]);
  return file;
}

const o = options(process.argv.slice(2));
const dir = mkdtempSync(join(tmpdir(), 'kedun-import-'));
const server = await new Server().start();
try {
  const c = await server.as('leader');
  if (o.before) {
    const { job } = await importFile(c, server, await csv(dir, o.before, 2));
    await measured('before', server, () => follow(c, server, job, (j) => j.result.rows), o.before, o);
  }
  const file = await csv(dir, o.rows, 1);
  const state = { over: false, ms: [] };
  const beside = o.creates ? creates(server, state) : undefined;
  let id;
  const { job, id: made } = await importFile(c, server, file);
  id = made;
  await measured('import', server, () => follow(c, server, job, (j) => j.result.rows), o.rows, o);
  state.over = true;
  await beside;
  if (o.creates) console.log(JSON.stringify({ case: 'creates', count: state.ms.length, p50_ms: quantile(state.ms, 0.5), p99_ms: quantile(state.ms, 0.99), most_ms: Math.max(...state.ms) }));
  console.log(JSON.stringify({ database_mib: Math.round(folder(join(server.data, 'db')) / 1048576), audit_mib: Math.round(folder(join(server.data, 'audit')) / 1048576) }));
  if (o.undo) {
    const { job: undo } = ok(await c.post(`${base}/${id}/undo`), 202);
    await measured('undo', server, () => follow(c, server, undo, (j) => j.result.undone + j.result.kept), o.rows, o);
  }
} finally {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}

// What the import of a CSV costs: rows a second, CPU time and memory by process, and how long a single create waits
// meanwhile. The file is the demo's (1 % bad rows), the server one of its own, removed at the end.
//   tests/bench/import.mjs [--rows N] [--before N] [--creates] [--undo] [--json FILE]
// --before: so many rows stand already (imported first); --creates: single creates go on beside; --undo: then undo it.
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '../api/client.mjs';
import { Server } from '../api/server.mjs';
import { writerHeld } from './servers.mjs';
import { ends, followJob, importFile, makeCsv, sleep, undoImport } from './imports.mjs';

function options(args) {
  const o = { rows: 100000, before: 0 };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].slice(2);
    if (name === 'rows' || name === 'before') o[name] = Number(args[++i]);
    else if (name === 'json') o[name] = args[++i];
    else if (name === 'creates' || name === 'undo') o[name] = true;
    else throw new Error(`unknown option ${args[i]}`);
  }
  return o;
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
const seconds = (us) => Object.fromEntries(Object.entries(us).map(([k, v]) => [k, +(v / 10).toFixed(2)])); // µs a row: s for 100,000

async function measured(what, c, server, job, done, rows, o) {
  const f = await followJob(c, server.process.pid, job, rows, done);
  const line = { case: what, rows, seconds: +f.seconds.toFixed(1), rate: Math.round(rows / f.seconds), ...ends(f.points, rows),
    cpu_s_per_100k: seconds(f.cpu_us), memory_mib: f.memory, result: f.result };
  console.log(JSON.stringify(line));
  if (o.json) appendFileSync(o.json, `${JSON.stringify(line)}\n`);
}

const imported = (j) => j.result.rows;
const o = options(process.argv.slice(2));
const dir = mkdtempSync(join(tmpdir(), 'kedun-import-'));
const server = await new Server().start();
try {
  const c = await server.as('leader');
  if (o.before) {
    const { job } = await importFile(c, makeCsv(dir, o.before, 2));
    await measured('before', c, server, job, imported, o.before, o);
  }
  const file = makeCsv(dir, o.rows, 1);
  const state = { over: false, ms: [] };
  const beside = o.creates ? creates(server, state) : undefined;
  const { job, id } = await importFile(c, file);
  await measured('import', c, server, job, imported, o.rows, o);
  state.over = true;
  await beside;
  if (o.creates) console.log(JSON.stringify({ case: 'creates', count: state.ms.length, p50_ms: quantile(state.ms, 0.5), p99_ms: quantile(state.ms, 0.99), most_ms: Math.max(...state.ms) }));
  console.log(JSON.stringify({ database_mib: Math.round(folder(join(server.data, 'db')) / 1048576), audit_mib: Math.round(folder(join(server.data, 'audit')) / 1048576) }));
  if (o.undo) await measured('undo', c, server, await undoImport(c, id), (j) => j.result.undone + j.result.kept, o.rows, o);
} finally {
  await server.stop();
  console.log(writerHeld(server.log));
  rmSync(dir, { recursive: true, force: true });
}

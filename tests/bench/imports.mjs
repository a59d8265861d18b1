// Imports a CSV through the API and follows the job: what it cost. Used by import.mjs and matrix.mjs.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from '../api/client.mjs';
import { build } from './data.mjs';
import { family, nameOf } from './servers.mjs';

export const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
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

export async function importFile(c, file) {
  const id = await upload(c, file);
  const seen = ok(await c.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await c.post(`${base}/${id}/start`, plan(seen)), 202);
  return { id, job };
}

export async function undoImport(c, id) {
  return ok(await c.post(`${base}/${id}/undo`), 202).job;
}

// The demo's CSV: 12 columns, 7 of them sealed, 1 % bad rows.
export function makeCsv(dir, rows, seed) {
  const file = join(dir, `${seed}-${rows}.csv`);
  execFileSync(join(build, 'kedun'), ['demo', '--csv', file, '--rows', String(rows), '--seed', String(seed)]);
  return file;
}

// µs of CPU time and KiB of memory of its own of each process below `root`, those that came and went meanwhile too.
class Watch {
  constructor(root) {
    Object.assign(this, { root, first: new Map(), last: new Map(), most: {} });
    this.look();
    this.first = new Map([...this.last].map(([pid, x]) => [pid, x.us]));
  }

  look() {
    const own = {};
    for (const pid of family(this.root)) {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8'), part = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const name = nameOf(pid), kib = Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
        this.last.set(pid, { name, us: (Number(part[11]) + Number(part[12])) * 10000 });
        own[name] = (own[name] ?? 0) + kib / 1024;
      } catch {
        // ended meanwhile
      }
    }
    for (const [k, v] of Object.entries(own)) this.most[k] = Math.max(this.most[k] ?? 0, v);
    this.together = Math.max(this.together ?? 0, Object.values(own).reduce((a, b) => a + b, 0));
  }

  cpu() {
    const all = {};
    for (const [pid, { name, us }] of this.last) all[name] = (all[name] ?? 0) + us - (this.first.get(pid) ?? 0);
    return all;
  }
}

const over = ['done', 'failed', 'cancelled'];

// Asks for the job's state until it is over. `done`: the rows of a state. {result, seconds, points: [ms, rows],
// cpu_us: by process a row, memory: most MiB by process, memory_mb: most of all together}
export async function followJob(c, pid, job, rows, done) {
  const watch = new Watch(pid), points = [], begin = performance.now();
  let at;
  do {
    await sleep(200);
    at = ok(await c.get(`/api/v1/jobs/${job}`));
    points.push([performance.now(), done(at)]);
    watch.look();
  } while (!over.includes(at.state));
  if (at.state !== 'done') throw new Error(JSON.stringify(at));
  const perRow = Object.entries(watch.cpu()).map(([k, us]) => [k, +(us / rows).toFixed(1)]).filter(([, us]) => us > 0);
  return { result: at.result, seconds: (performance.now() - begin) / 1000, points, cpu_us: Object.fromEntries(perRow),
    memory: Object.fromEntries(Object.entries(watch.most).map(([k, v]) => [k, Math.round(v)])), memory_mb: watch.together };
}

const rate = ([t0, n0], [t1, n1]) => Math.round((n1 - n0) / ((t1 - t0) / 1000));

// Rows a second at the beginning and at the end.
export function ends(points, rows) {
  const part = Math.min(100000, rows / 4), end = points.at(-1);
  const after = points.find((p) => p[1] >= part) ?? end;
  const before = points.findLast((p) => p[1] <= end[1] - part) ?? points[0];
  return { first: rate(points[0], after), last: rate(before, end) };
}

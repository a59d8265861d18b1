// The engine dies inside a write of the database's log: at the n-th pwrite64 of its writer, while a batch of an import (one
// transaction of many pages) or a single creation is being written. The base opens, nothing of the half-written transaction
// is there, the import goes on and brings each row once. KEDUN_INJECT=all: many n.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { person } from '../api/people.mjs';
import { Server, until } from '../api/server.mjs';
import { entries, roles } from '../crash/roles.mjs';
import { attach, Script, target } from './inject.mjs';

const ALL = process.env.KEDUN_INJECT === 'all';
const ROWS = 6000;
// Writes to the log are gathered (src/store/sqlite/gather.h): 31 pages are one, so a batch of an import is some, a creation is
// one. The first commits that come may be short ones: a sample goes on until a death has left a part of a batch.
const inBatch = ALL ? [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20] : [4, 5, 6, 7, 8, 9];
const inCreation = [1];
let server, script, imports = 0;

before(async () => {
  server = await new Server().start();
  script = new Script(server, await server.as('sales1'));
});
after(() => server.stop());

const leader = () => server.as('leader');

async function beginImport(n) {
  const c = await leader();
  const lines = Array.from({ length: ROWS }, (_, i) => `company,撕${n}批${i}号公司,1${3800000000 + n * ROWS + i}`);
  const bytes = Buffer.from(`type,name,mobile\n${lines.join('\n')}\n`);
  const { id, part_size } = ok(await c.post('/api/v1/imports', { object: 'customer', file_name: 't.csv', size: bytes.length }), 201);
  for (let k = 0; k * part_size < bytes.length; k++)
    ok(await c.request('PUT', `/api/v1/imports/${id}/parts/${k}`, { body: bytes.subarray(k * part_size, (k + 1) * part_size), headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await c.post(`/api/v1/imports/${id}/preview`, {}));
  const mapping = ['customer_type', 'name', 'mobile'].map((field, column) => ({ column, field }));
  return ok(await c.post(`/api/v1/imports/${id}/start`, { mapping }), 202).job;
}

// Frames of the log's own generation behind its last commit.
function torn(file) {
  const fd = openSync(file, 'r');
  const head = Buffer.alloc(32), frame = Buffer.alloc(24);
  readSync(fd, head, 0, 32, 0);
  const step = 24 + head.readUInt32BE(8);
  let frames = 0, committed = 0;
  for (let at = 32; readSync(fd, frame, 0, 24, at) === 24 && frame.compare(head, 16, 24, 8, 16) === 0; at += step)
    if ((frames++, frame.readUInt32BE(4) !== 0)) committed = frames;
  closeSync(fd);
  return frames - committed;
}

// Kills at the n-th write that comes while `act` runs, looks at what was left with the supervisor standing still, and lets it
// start again. Undefined: `act` says that there is nothing more to come.
async function dieAt(n, thread, act) {
  const engine = roles(server.process.pid).get('engine');
  const dead = () => readFileSync(`/proc/${engine}/stat`, 'utf8').includes(') Z ');
  const detach = await attach(server, thread, ['-e', 'trace=pwrite64', '-e', `inject=pwrite64:signal=KILL:when=${n}`]);
  process.kill(server.process.pid, 'SIGSTOP');
  let left;
  try {
    const over = await act();
    await until('the writer is killed', async () => dead() || (over && (await over())), 60);
    left = dead() ? lookAtCopy() : undefined;
  } finally {
    process.kill(server.process.pid, 'SIGCONT');
    await detach();
  }
  await server.ready();
  return left;
}

const sql = (file, q) => execFileSync('sqlite3', [file, q], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();

// What a start would find: a base that is sound, and of each intent all rows or none.
function lookAtCopy() {
  const copy = join(server.dir, 'copy.db');
  for (const end of ['', '-wal']) copyFileSync(join(server.data, `db/kedun.db${end}`), copy + end);
  const frames = torn(`${copy}-wal`);
  assert.equal(sql(copy, 'PRAGMA integrity_check'), 'ok');
  const rows = new Set(sql(copy, 'SELECT lower(hex(id)) FROM o_1').split('\n').filter(Boolean));
  for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
  for (const e of entries(server.data).filter((one) => one.outcome === 'pending' && one.object === 1 && ['create', 'import'].includes(one.act))) {
    const there = e.records.filter((id) => rows.has(id.replaceAll('-', ''))).length;
    if (there !== 0 && there !== e.records.length) assert.fail(`of the ${e.records.length} rows of intent ${e.seq} ${there} are there`);
  }
  return { frames, rows };
}

// An import is under way, and jobs stands still until strace is there.
async function dieInImport(n) {
  const thread = await target(server, script, 'writer'), jobs = roles(server.process.pid).get('jobs');
  const job = await beginImport(imports++);
  const c = await leader();
  const state = async () => ok(await c.get(`/api/v1/jobs/${job}`)).state;
  await until('the import runs', async () => (await state()) !== 'queued');
  process.kill(jobs, 'SIGSTOP');
  const left = await dieAt(n, thread, () => {
    process.kill(jobs, 'SIGCONT');
    return async () => ['done', 'failed'].includes(await state().catch(() => 'away'));
  });
  c.close();
  server.clients.delete('leader');
  return { job, left };
}

test('a writer killed inside a batch of an import leaves nothing of it; the import goes on and brings each row once', async () => {
  let halves = 0, most = 0;
  let deaths = 0;
  for (const n of inBatch) {
    if (!ALL && halves > 0) break;
    deaths++;
    const before = lookAtCopy().rows.size;
    const { job, left } = await until(`a death at write ${n} of an import`, async () => {
      const got = await dieInImport(n);
      return got.left && got; // it may have been over too early
    }, 120);
    halves += left.frames > 0 ? 1 : 0;
    most = Math.max(most, left.frames);
    assert.ok(left.rows.size >= before);
    const c = await leader();
    const end = await until('the import is over', async () => {
      const j = ok(await c.get(`/api/v1/jobs/${job}`));
      return ['done', 'failed', 'cancelled'].includes(j.state) && j;
    }, 120);
    assert.deepEqual([end.state, end.result], ['done', { rows: ROWS, imported: ROWS, rejected: 0, duplicates: 0 }]);
  }
  console.log(`fault: ${deaths} deaths inside the writes of an import, ${halves} left a half-written transaction, of up to ${most} pages`);
  assert.ok(halves > 0);
});

test('a writer killed inside a creation leaves it whole or not at all, as the answer said', async () => {
  for (const n of inCreation) {
    const given = person({ remark: '长'.repeat(2000) });
    let asked;
    const left = await dieAt(n, await target(server, script, 'writer'), () => {
      asked = script.client.post('/api/v1/records/customer', given).catch(() => ({ status: 0 }));
    });
    assert.ok(left);
    const answer = await asked;
    await script.recovers(`a death at write ${n}`);
    const { items } = await script.client.query('customer', { where: { field: 'mobile', op: 'eq', value: given.mobile } });
    assert.ok(items.length <= 1);
    assert.notEqual(answer.status, 201, 'acknowledged by a dead engine');
    if (items.length === 1) assert.equal(ok(await script.client.get(`/api/v1/records/customer/${items[0].id}`)).remark, given.remark);
  }
});

test('afterwards the database is sound, and the log says of each write what the rows show', async () => {
  assert.equal(await server.halt(), 0);
  script.checkFiles();
  assert.deepEqual(script.wrong, []);
});

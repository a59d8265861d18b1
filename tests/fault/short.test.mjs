// Reads and writes of keeper, engine, jobs and reader that do less than was asked, or are ended by a signal: nobody notices, nothing
// is lost. As root, in a mount namespace (inject_fault.sh): tests/fault/short.c is preloaded into every role. KEDUN_INJECT=all: longer.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { root, Server, until } from '../api/server.mjs';
import { fewPeople, ownMounts, Script } from './inject.mjs';

const ALL = process.env.KEDUN_INJECT === 'all';
const ROUNDS = ALL ? 150 : 6;
const ROWS = ALL ? 20000 : 1000;
let server, script, dir, fd;

const word = (n) => {
  const bytes = Buffer.alloc(8);
  readSync(fd, bytes, 0, 8, 8 * n);
  return Number(bytes.readBigUInt64LE());
};
// One call in so many is short, and as many are interrupted.
function every(n) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  writeSync(fd, bytes, 0, 8, 0);
}

before(async () => {
  ownMounts();
  dir = mkdtempSync(join(tmpdir(), 'kedun-short-'));
  const library = join(dir, 'short.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, join(root, 'tests/fault/short.c')]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/mnt']);
  execFileSync('cp', [library, '/mnt/short.so']);
  writeFileSync('/mnt/short', Buffer.alloc(32));
  fd = openSync('/mnt/short', 'r+');
  // A copy of /etc in front of the real one, which stays as it is.
  execFileSync('cp', ['-a', '/etc', '/mnt/etc']);
  writeFileSync('/mnt/etc/ld.so.preload', '/mnt/short.so\n');
  execFileSync('mount', ['--bind', '/mnt/etc', '/etc']);
  every(3); // from the start of the roles on
  server = await new Server({ company: fewPeople(dir) }).start();
  script = new Script(server, await server.as('sales1'));
});
after(async () => {
  await server.stop();
  closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

for (const n of [2, 3, 10]) {
  test(`two of ${n} reads and writes are short or interrupted: every request is done all the same`, async () => {
    every(n);
    const had = script.counts.acknowledged;
    // Several at a time: their answers and log entries cross.
    await Promise.all(Array.from({ length: 3 }, async () => {
      for (let k = 0; k < ROUNDS; k++) await script.once();
    }));
    assert.deepEqual([script.wrong, script.codes, script.counts.broken], [[], [], 0]);
    assert.equal(script.counts.acknowledged - had, 3 * ROUNDS * 4);
  });
}

test('an import and a large answer come through whole', async () => {
  every(3);
  const c = await server.as('sales1');
  const bytes = Buffer.from(`type,name,mobile\n${Array.from({ length: ROWS }, (_, i) => `company,短${i}号公司,1${3700000000 + i}`).join('\n')}\n`);
  const { id, part_size } = ok(await c.post('/api/v1/imports', { object: 'customer', file_name: 's.csv', size: bytes.length }), 201);
  for (let k = 0; k * part_size < bytes.length; k++)
    ok(await c.request('PUT', `/api/v1/imports/${id}/parts/${k}`, { body: bytes.subarray(k * part_size, (k + 1) * part_size), headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await c.post(`/api/v1/imports/${id}/preview`, {}));
  const mapping = ['customer_type', 'name', 'mobile'].map((field, column) => ({ column, field }));
  const { job } = ok(await c.post(`/api/v1/imports/${id}/start`, { mapping }), 202);
  const end = await until('the import is over', async () => {
    const j = ok(await c.get(`/api/v1/jobs/${job}`));
    return ['done', 'failed', 'cancelled'].includes(j.state) && j;
  }, 120);
  assert.deepEqual([end.state, end.result], ['done', { rows: ROWS, imported: ROWS, rejected: 0, duplicates: 0 }]);
  const names = new Set();
  for (let cursor; names.size < Math.min(ROWS, 1000);) {
    const page = ok(await c.post('/api/v1/records/customer/query', { where: { field: 'name', op: 'starts_with', value: '短' }, limit: 200, cursor }));
    for (const one of page.items) names.add(one.name);
    cursor = page.next_cursor ?? page.next;
    if (!cursor) break;
  }
  assert.ok(names.size >= 200, `${names.size}`);
});

test('what was written is read again at every start', async () => {
  for (let k = 0; k < (ALL ? 12 : 2); k++) {
    script.client.close();
    await server.restart();
    script.client = await server.as('sales1');
    await script.once();
  }
  assert.deepEqual([script.wrong, script.codes, script.counts.broken], [[], [], 0]);
});

test('afterwards every acknowledged write is there, the database is sound, and the log says of each write what the rows show', async () => {
  await script.checkRows();
  assert.equal(await server.halt(), 0);
  const [calls, shortened, interrupted] = [1, 2, 3].map(word);
  console.log(`fault: ${calls} reads and writes of the roles, ${shortened} cut short, ${interrupted} interrupted; ${script.counts.acknowledged} requests done, ${script.counts.refused} refused`);
  assert.ok(shortened > 1000 && interrupted > 1000, 'nothing was cut short');
  script.checkFiles();
  assert.deepEqual(script.wrong.slice(0, 20), []);
});

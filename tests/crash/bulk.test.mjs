// The engine (and all) killed in the midst of bulk work: an import's transactions, the indexing of what it brought (the
// fold), a bulk change. Single writes go on beside. Then everything is looked for, and the log compared with the rows.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { Server, until } from '../api/server.mjs';
import { Load, sleep, strike } from './load.mjs';
import { audit, entries, roles } from './roles.mjs';

const ROUNDS = Math.ceil(Number(process.env.KEDUN_CRASH_ROUNDS ?? 36) / 6);
const ROWS = 3000;
const CHANGES = 200;
const kinds = ['import', 'fold', 'update', 'import all', 'fold', 'update'];
const seen = { imports: 0, halfway: 0, folds: 0, staged: 0, updates: 0, partway: 0, torn: 0 };
const imports = []; // {marker, base, job}
const changed = []; // {ids, old, fresh}: bulk changes that were cut off
let server, load, leader;
const problems = [];

async function signIn() {
  leader?.close();
  leader = server.client();
  await leader.signIn('leader', 'correct horse battery');
}

const mobileOf = (base, n) => `1${String(3900000000 + base + n)}`;
const nameOf = (marker, n) => `${marker}${String(n).padStart(5, '0')}号公司`;

async function beginImport(k) {
  const marker = `批${String.fromCodePoint(0x4e00 + 7 * k)}`;
  const base = k * ROWS;
  const lines = Array.from({ length: ROWS }, (_, n) => `company,${nameOf(marker, n)},${mobileOf(base, n)}`);
  const bytes = Buffer.from(`type,name,mobile\n${lines.join('\n')}\n`);
  const { id, part_size } = ok(await leader.post('/api/v1/imports', { object: 'customer', file_name: 'b.csv', size: bytes.length }), 201);
  for (let n = 0; n * part_size < bytes.length; n++)
    ok(await leader.request('PUT', `/api/v1/imports/${id}/parts/${n}`, { body: bytes.subarray(n * part_size, (n + 1) * part_size), headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await leader.post(`/api/v1/imports/${id}/preview`, {}));
  const mapping = ['customer_type', 'name', 'mobile'].map((field, column) => ({ column, field }));
  const { job } = ok(await leader.post(`/api/v1/imports/${id}/start`, { mapping }), 202);
  imports.push({ marker, base, job });
  return imports.at(-1);
}

const stateOf = async (job) => ok(await leader.get(`/api/v1/jobs/${job}`));

async function over(job) {
  return until(`the import ${job} is over`, async () => {
    const j = await stateOf(job);
    return ['done', 'failed', 'cancelled'].includes(j.state) && j;
  }, 180);
}

// Bytes of the WAL's own generation behind its last commit: a transaction that was being written when its writer died.
function tornFrames() {
  const file = join(server.data, 'db/kedun.db-wal');
  if (!existsSync(file) || statSync(file).size < 32) return 0;
  const fd = openSync(file, 'r');
  const head = Buffer.alloc(32), frame = Buffer.alloc(24);
  readSync(fd, head, 0, 32, 0);
  const step = 24 + head.readUInt32BE(8);
  let frames = 0, committed = 0;
  for (let at = 32; readSync(fd, frame, 0, 24, at) === 24 && frame.compare(head, 16, 24, 8, 16) === 0; at += step) {
    frames++;
    if (frame.readUInt32BE(4) !== 0) committed = frames;
  }
  closeSync(fd);
  return frames - committed;
}

// Rows that the dead engine left staged, read from a copy.
function stagedRows() {
  const copy = join(server.dir, 'copy.db');
  for (const end of ['', '-wal']) copyFileSync(join(server.data, `db/kedun.db${end}`), copy + end);
  const got = execFileSync('sqlite3', [copy, 'SELECT count(*) FROM p_1'], { encoding: 'utf8' });
  for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
  return Number(got);
}

// Kills while the supervisor stands still, so that what the dead left can be looked at.
async function killAndLook(kind, look) {
  if (kind === 'all') return strike(server, 'all');
  const engine = roles(server.process.pid).get('engine');
  process.kill(server.process.pid, 'SIGSTOP');
  try {
    process.kill(engine, 'SIGKILL');
    await until('the engine is dead', () => / Z /.test(readFileSync(`/proc/${engine}/stat`, 'utf8')));
    seen.torn += tornFrames() > 0 ? 1 : 0;
    look?.();
  } finally {
    process.kill(server.process.pid, 'SIGCONT');
  }
}

async function importRound(k, whom) {
  const { job } = await beginImport(k);
  await until('the import has begun', async () => (await stateOf(job)).state !== 'queued', 60);
  await sleep(randomInt(250));
  const at = (await stateOf(job)).state;
  await killAndLook(whom);
  seen.imports++;
  seen.halfway += at === 'running' ? 1 : 0;
  await server.ready();
  await signIn();
  await over(job);
}

async function foldRound(k) {
  const { job } = await beginImport(k);
  await over(job);
  await sleep(200 + randomInt(250)); // the fold begins 0.3 s after the last batch
  seen.folds++;
  await killAndLook('engine', () => (seen.staged += stagedRows() > 0 ? 1 : 0));
  await server.ready();
}

async function updateRound(k) {
  const { items } = await leader.query('customer', { where: { field: 'name', op: 'starts_with', value: imports[0].marker }, limit: CHANGES, sort: [{ field: 'created_at', direction: 'asc' }] });
  const fresh = `批量改 ${k}`;
  let answer;
  const asked = leader.post('/api/v1/records/customer/bulk', { act: 'update', items: items.map((i) => ({ id: i.id, version: i._version, fields: { remark: fresh } })) }).then((a) => (answer = a), () => {});
  const versions = new Map(items.map((i) => [i.id, i._version]));
  await sleep(20 + randomInt(150));
  const early = answer === undefined;
  await killAndLook('engine');
  await asked;
  seen.updates++;
  await server.ready();
  if (early && answer?.status !== 207) seen.partway++;
  changed.push({ versions, fresh, answer: answer?.status === 207 ? answer.json.items : undefined });
  await checkUpdate(changed.at(-1));
}

// Each item is changed wholly or not at all, and they were taken in their order.
async function checkUpdate({ versions, fresh, answer }) {
  let ended = false, n = 0;
  for (const [id, version] of versions) {
    const r = await leader.read('customer', id);
    const done = r.remark === fresh;
    if (r._version !== version + (done ? 1 : 0)) problems.push(`${id}: version ${version} became ${r._version}, ${done ? '' : 'not '}changed`);
    if (done && ended && !answer) problems.push(`${id} is changed, one before it is not`);
    if (answer && answer[n].status === 200 && !done) problems.push(`${id}: its change was acknowledged`);
    if (!done) ended = true;
    n++;
  }
}

before(async () => {
  server = await new Server().start();
  await signIn();
  load = new Load(server, { writers: 2 }).start();
  for (let n = 0; n < ROUNDS && load.working; n++) {
    const kind = kinds[n % kinds.length];
    if (kind === 'fold') await foldRound(n);
    else if (kind === 'update') await updateRound(n);
    else await importRound(n, kind === 'import all' ? 'all' : 'engine');
  }
  await load.stop();
  console.log(`crash: bulk: ${seen.imports} kills beside imports of ${ROWS} rows (${seen.halfway} while it ran), ${seen.folds} at the fold (${seen.staged} with rows still staged), ${seen.updates} beside changes of ${CHANGES} records (${seen.partway} before their answer); ${seen.torn} left a half-written transaction; ${load.counts.acknowledged} single writes acknowledged beside`);
});
after(() => server.stop());

test('a bulk change that was cut off has changed each record wholly or not at all, in order', () => assert.deepEqual(problems.slice(0, 20), []));

test('every import went on after its kill, and no row is missing or there twice', async () => {
  for (const { job, marker } of imports) {
    const end = await stateOf(job);
    assert.deepEqual([end.state, end.result], ['done', { rows: ROWS, imported: ROWS, rejected: 0, duplicates: 0 }]);
    const q = { where: { field: 'name', op: 'starts_with', value: marker }, count: true, limit: 1 };
    assert.equal((await until('an answer in time', () => leader.query('customer', q), 60)).count.value, ROWS);
  }
});

test('imported rows are found by whole value and by fragment, each once', async () => {
  const wrong = [];
  // What a loaded machine cuts off as too slow says nothing about what is there: asked again.
  const query = (q) => until('an answer in time', () => leader.query('customer', q), 60);
  for (const { marker, base } of imports) {
    for (let i = 0; i < 12; i++) {
      const n = randomInt(ROWS);
      const whole = await query({ where: { field: 'mobile', op: 'eq', value: mobileOf(base, n) } });
      if (whole.items.length !== 1 || whole.items[0].name !== nameOf(marker, n)) wrong.push(`${nameOf(marker, n)}: ${whole.items.length} by its mobile`);
      // Many names may have all pairs of neighbours of one with zeros: those are left out of a page after it was cut.
      const part = await query({ search: nameOf(marker, n).slice(0, 9), limit: 200 });
      if (!part.items.some((r) => r.name === nameOf(marker, n))) wrong.push(`${nameOf(marker, n)}: not found by its name`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the single writes beside are all there', async () => {
  const lost = [];
  for (const [id, r] of load.known) {
    const a = await (await server.as(r.login)).get(`/api/v1/records/customer/${id}`);
    if (a.status !== 200 || a.json.mobile !== r.mobile || ![r.remark, ...r.tried].includes(a.json.remark)) lost.push(`${id}: ${a.status} ${a.text.slice(0, 200)}`);
  }
  assert.deepEqual(lost, []);
});

test('the log is sound, and says of every row and intent what the database shows', async () => {
  assert.equal(await server.halt(), 0);
  const checked = audit(server.data, 'verify');
  assert.equal(checked.code, 0, checked.error + checked.text);
  // The rows there, by id, straight from the file: the test knows no other list of all of them.
  const text = execFileSync('sqlite3', [join(server.data, 'db/kedun.db'), 'SELECT lower(hex(id)) FROM o_1'], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const there = new Set(text.trim().split('\n'));
  const log = entries(server.data);
  const outcomes = new Map();
  for (const e of log) if (e.intent !== 0) (outcomes.get(e.intent) ?? outcomes.set(e.intent, []).get(e.intent)).push(e.outcome);
  const wrong = [], made = new Set();
  for (const e of log.filter((one) => one.outcome === 'pending' && one.object === 1)) {
    const got = new Set(outcomes.get(e.seq) ?? []);
    if (got.size !== 1) wrong.push(`intent ${e.seq} (${e.act}): outcomes ${[...got]}`);
    if (e.act !== 'create' && e.act !== 'import') continue;
    if (got.has('done')) for (const id of e.records) made.add(id.replaceAll('-', ''));
  }
  for (const id of there) if (!made.has(id)) wrong.push(`${id} is there, but no intent that made it is done`);
  for (const id of made) if (!there.has(id)) wrong.push(`${id} was made, says the log, but is not there`);
  assert.deepEqual([wrong.length, wrong.slice(0, 20)], [0, []]);
});

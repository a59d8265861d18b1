import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { Server, password, until } from '../api/server.mjs';
import { audit, entries, roles } from './roles.mjs';

const ROUNDS = Number(process.env.KEDUN_CRASH_ROUNDS ?? 36);
const WRITERS = 6;
const LOGINS = ['sales1', 'sales2'];
const kinds = ['keeper', 'engine', 'all'];

let server;
let working = true;
let next = 0;
const mobile = () => `+86137${String(10000000 + next++)}`;
// What was acknowledged: id → {login, mobile, remark, tried: remarks asked for and not answered, changes, looks, deleted}.
const known = new Map();
const attempted = new Map(); // mobile → login, of creations that nobody answered
const counts = { acknowledged: 0, unanswered: 0, answered: 0, caught: 0 };
let inFlight = 0;

const strange = (what, answer) => {
  throw new Error(`${what} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
};
// 503 and the like: the system said that it could not; a broken connection says nothing at all.
const busy = (a) => [401, 429, 500, 502, 503, 504].includes(a.status);

async function create(w) {
  const number = mobile();
  const remark = `第一版 ${number}`;
  attempted.set(number, w.login);
  const a = await w.client.post('/api/v1/records/customer', { customer_type: 'person', person_name: '欧阳建国', mobile: number, remark });
  if (busy(a)) return a.status;
  if (a.status !== 201) strange('a creation', a);
  attempted.delete(number);
  known.set(a.json.id, { login: w.login, mobile: number, remark, tried: [], changes: 1, looks: 1, version: a.json._version });
  w.own.push(a.json.id);
  counts.acknowledged++;
  return a.status;
}

async function update(w) {
  const id = w.own[randomInt(w.own.length)];
  const r = known.get(id);
  const remark = `改 ${next++}`;
  r.tried.push(remark);
  const a = await w.client.patch(`/api/v1/records/customer/${id}`, { remark }, r.version);
  if (a.status === 409) {
    // An earlier change of ours, unanswered, had been made.
    assert.ok(r.tried.includes(a.json.current.remark), `${id} holds what nobody wrote`);
    r.remark = a.json.current.remark;
    r.version = a.json.current._version;
    return a.status;
  }
  if (busy(a)) return a.status;
  if (a.status !== 200) strange('a change', a);
  Object.assign(r, { remark, version: a.json._version, tried: [] });
  r.changes++;
  r.looks++;
  counts.acknowledged++;
  return a.status;
}

async function look(w) {
  const id = w.own[randomInt(w.own.length)];
  const a = await w.client.get(`/api/v1/records/customer/${id}`);
  if (busy(a)) return a.status;
  if (a.status !== 200) strange('a look', a);
  assert.equal(a.json.mobile, known.get(id).mobile);
  known.get(id).looks++;
  counts.answered++;
  return a.status;
}

async function signIn(w) {
  w.client?.close();
  w.client = server.client();
  await w.client.signIn(w.login, password);
}

async function work(w) {
  while (working) {
    try {
      if (!w.client) await signIn(w);
      inFlight++;
      const act = w.own.length === 0 ? create : [create, create, update, update, look][randomInt(5)];
      const status = await act(w).finally(() => inFlight--);
      if (status === 401) w.client = undefined;
      if (status >= 500) await new Promise((go) => setTimeout(go, 10));
    } catch (e) {
      if (e.code === 'ERR_ASSERTION' && !/sign-in/.test(e.message)) throw e;
      if (/was answered/.test(e.message)) throw e;
      counts.unanswered++;
      w.client?.close();
      w.client = undefined;
      await new Promise((go) => setTimeout(go, 10));
    }
  }
}

async function strike(kind) {
  const had = counts.acknowledged;
  await until('writes are under way', () => counts.acknowledged >= had + 15);
  await until('a request is in flight', () => inFlight > 0);
  await new Promise((go) => setTimeout(go, randomInt(12)));
  counts.caught += inFlight > 0 ? 1 : 0;
  if (kind !== 'all') {
    process.kill(roles(server.process.pid).get(kind), 'SIGKILL');
    return;
  }
  const pids = [...roles(server.process.pid).values()];
  server.process.kill('SIGKILL');
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // went with its supervisor
  }
  await server.ended;
  await server.launch();
}

before(async () => {
  server = await new Server().start();
  const writers = Array.from({ length: WRITERS }, (_, n) => ({ login: LOGINS[n % LOGINS.length], own: [] }));
  const running = writers.map(work);
  const failure = Promise.all(running);
  failure.catch(() => (working = false));
  for (let n = 0; n < ROUNDS && working; n++) {
    await strike(kinds[n % kinds.length]);
    await server.ready();
  }
  const had = counts.acknowledged;
  await until('it works on after the last round', () => !working || counts.acknowledged > had + 20);
  working = false;
  await failure;
  for (const w of writers) w.client?.close();
  console.log(`crash: ${ROUNDS} rounds, ${counts.caught} with requests in flight, ${counts.acknowledged} writes acknowledged, ${counts.unanswered} unanswered, ${counts.answered} looks answered`);
});
after(() => server.stop());

async function every(object, login) {
  const c = await server.as(login);
  const items = [];
  for (let cursor = null, first = true; first || cursor; first = false) {
    const page = await c.query(object, { limit: 200, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

test('requests were in flight at the kills', () => {
  assert.ok(counts.caught >= ROUNDS * 0.7, `only ${counts.caught} of ${ROUNDS}`);
  assert.ok(counts.unanswered >= ROUNDS / 2);
});

test('every acknowledged write is there, and opens', async () => {
  const lost = [], odd = [];
  for (const [id, r] of known) {
    const a = await (await server.as(r.login)).get(`/api/v1/records/customer/${id}`);
    if (a.status !== 200) lost.push(`${id}: ${a.status}`);
    else if (a.json.mobile !== r.mobile || ![r.remark, ...r.tried].includes(a.json.remark)) odd.push(`${id}: ${a.text}`);
    else {
      r.version = a.json._version;
      r.looks++;
    }
  }
  assert.deepEqual({ lost, odd }, { lost: [], odd: [] });
});

test('every row there is one that somebody wrote, whole', async () => {
  for (const login of LOGINS) {
    const items = await every('customer', login);
    assert.ok(items.length > ROUNDS);
    for (const item of items) {
      const mine = known.get(item.id);
      assert.ok(mine || attempted.has(item.mobile), `nobody wrote ${item.id}`);
      if (!mine) {
        assert.equal(item.remark ?? (await (await server.as(login)).read('customer', item.id)).remark, `第一版 ${item.mobile}`);
        known.set(item.id, { login, mobile: item.mobile, remark: `第一版 ${item.mobile}`, tried: [], changes: 1, looks: 0, version: 1 });
      }
    }
  }
});

test('every row has its search terms and its history, and its version is as long as its history', async () => {
  const problems = [];
  const rows = [...known];
  for (let n = 0; n < rows.length; n += 1 + Math.floor(rows.length / 400)) {
    const [id, r] = rows[n];
    const c = await server.as(r.login);
    const found = await c.query('customer', { where: { field: 'mobile', op: 'eq', value: r.mobile } });
    if (found.items.length !== 1 || found.items[0].id !== id) problems.push(`${id}: found ${found.items.length} by its mobile`);
    const record = await c.read('customer', id);
    const history = ok(await c.get(`/api/v1/records/customer/${id}/history`)).items;
    if (history.length !== record._version) problems.push(`${id}: version ${record._version}, ${history.length} entries of history`);
    const remark = history.flatMap((h) => h.changes).find((x) => x.field === 'remark');
    // A creation's entry lists no values.
    if (history.length > 1 && remark?.after !== record.remark) problems.push(`${id}: its history ends with another remark`);
    if (history.length < r.changes) problems.push(`${id}: ${r.changes} changes acknowledged, ${history.length} in its history`);
  }
  assert.deepEqual(problems, []);
});

test('the log is sound, knows every answer and write, and every intent has the outcome that the rows show', async () => {
  const there = new Set(known.keys());
  assert.equal(await server.halt(), 0);
  const checked = audit(server.data, 'verify');
  assert.equal(checked.code, 0, checked.error + checked.text);
  const log = entries(server.data);
  const shown = new Map(), written = new Map(), outcomes = new Map();
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  for (const e of log) {
    if (e.outcome === 'pending' || e.intent !== 0) continue;
    for (const id of e.records) add(shown, id);
  }
  for (const e of log) if (e.intent !== 0) (outcomes.get(e.intent) ?? outcomes.set(e.intent, []).get(e.intent)).push(e.outcome);
  const wrong = [];
  for (const e of log.filter((one) => one.outcome === 'pending')) {
    const got = outcomes.get(e.seq) ?? [];
    if (got.length === 0 || new Set(got).size !== 1) wrong.push(`intent ${e.seq}: outcomes ${got}`);
    if (got[0] === 'done') for (const id of e.records) add(written, id);
    if (e.act === 'create' && e.object === 1 && got[0] === 'done' && !there.has(e.records[0])) wrong.push(`intent ${e.seq} is done, but ${e.records[0]} is not there`);
    if (e.act === 'create' && e.object === 1 && got[0] !== 'done' && there.has(e.records[0])) wrong.push(`intent ${e.seq} ${got}, but ${e.records[0]} is there`);
  }
  for (const [id, r] of known) {
    if ((shown.get(id) ?? 0) < r.looks) wrong.push(`${id}: answered ${r.looks} times, ${shown.get(id) ?? 0} entries`);
    if ((written.get(id) ?? 0) < r.changes) wrong.push(`${id}: ${r.changes} writes acknowledged, ${written.get(id) ?? 0} in the log`);
  }
  assert.deepEqual(wrong.slice(0, 20), []);
});

test('a changed byte, a cut log and a log that differs from a head kept outside are found', () => {
  const source = join(server.data, 'audit');
  const copy = (name) => {
    const data = join(server.dir, name);
    mkdirSync(join(data, 'audit'), { recursive: true });
    for (const file of readdirSync(source)) copyFileSync(join(source, file), join(data, 'audit', file));
    return data;
  };
  const segment = (data) => join(data, 'audit', readdirSync(source).filter((n) => n.startsWith('seg-')).sort()[0]);
  const notes = readFileSync(join(source, 'checkpoints'), 'utf8').split(/(?<=^— .*\n)/m);
  const kept = join(server.dir, 'head');
  writeFileSync(kept, notes.at(-1));
  const sound = audit(server.data, 'verify', '--head', kept);
  assert.equal(sound.code, 0, sound.error);

  const changed = copy('changed');
  const bytes = readFileSync(segment(changed));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(segment(changed), bytes);
  assert.equal(audit(changed, 'verify').code, 1);

  const cut = copy('cut');
  truncateSync(segment(cut), statSync(segment(cut)).size - 3000);
  assert.match(audit(cut, 'verify').error, /audit_(truncated|record_bad)/);
  writeFileSync(join(cut, 'audit/checkpoints'), '');
  assert.match(audit(cut, 'verify', '--head', kept).error, /audit_truncated/);

  const other = copy('other');
  writeFileSync(join(other, 'audit/public.key'), `${'ab'.repeat(32)}\n`);
  assert.equal(audit(other, 'verify').code, 1);
  assert.equal(audit(other, 'verify', '--key', join(source, 'public.key')).code, 0);
});

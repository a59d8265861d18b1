// Idempotency keys: the same request again gets the same answer and does nothing twice; another request under the same key
// is refused; a key is its owner's alone; and a replay shows what the caller may see now, not what he once saw.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from '../api/client.mjs';
import { mobile } from '../api/people.mjs';
import { root, Server } from '../api/server.mjs';
import { Checker } from './checker.mjs';
import { canary } from './plant.mjs';

const policies = mkdtempSync(join(tmpdir(), 'kedun-replay-'));
let server, sales1, sales2, leader;
before(async () => {
  cpSync(join(root, 'policies'), policies, { recursive: true });
  chmodSync(policies, 0o755); // the roles are other users
  server = await new Server({ policies }).start();
  [sales1, sales2, leader] = await Promise.all(['sales1', 'sales2', 'leader'].map((l) => server.as(l)));
});
after(async () => {
  await server.stop();
  rmSync(policies, { recursive: true });
});

const path = '/api/v1/records/customer';
const keyed = (key = randomUUID()) => ({ headers: { 'idempotency-key': key } });
const body = () => ({ customer_type: 'company', name: '重放公司', mobile: mobile() });
const replayed = (a) => a.headers['idempotent-replayed'] === 'true';
const same = (a, b) => assert.deepEqual([b.status, b.json, b.headers.etag, b.headers.location], [a.status, a.json, a.headers.etag, a.headers.location]);

test('a creation sent again by the same person is answered alike, and made once', async () => {
  const [o, fields] = [keyed(), body()];
  const a = await sales1.post(path, fields, o);
  assert.equal(a.status, 201);
  assert.equal(replayed(a), false);
  const b = await sales1.post(path, fields, o);
  same(a, b);
  assert.equal(replayed(b), true);
  assert.equal((await sales1.query('customer', { where: { field: 'mobile', op: 'eq', value: fields.mobile } })).items.length, 1);
});

test('the same key with another body, on another path or by another method is refused, and says why', async () => {
  const [o, fields] = [keyed(), body()];
  const made = ok(await sales1.post(path, fields, o), 201);
  for (const a of [await sales1.post(path, { ...fields, name: '另一家' }, o), await sales1.post('/api/v1/records/lead', fields, o),
    await sales1.patch(`${path}/${made.id}`, { name: '另一家' }, made._version, o)]) {
    const p = problem(a, 422, 'idempotency_mismatch');
    assert.ok(p.title.length > 10, p.title);
    assert.ok(!a.text.includes(made.id) && !a.text.includes(fields.mobile) && !a.text.includes(fields.name), 'the first request stays untold');
  }
  assert.equal((await sales1.read('customer', made.id)).name, fields.name);
});

test('another person’s request under the same key is a request of its own, and learns nothing of the first', async () => {
  const [o, fields] = [keyed(), body()];
  const first = await sales1.post(path, fields, o);
  const second = await sales2.post(path, fields, o);
  assert.equal(second.status, 201);
  assert.equal(replayed(second), false);
  assert.notEqual(second.json.id, first.json.id);
  const other = await sales2.post(path, body(), keyed());
  assert.deepEqual(Object.keys(second.json), Object.keys(other.json), 'as if the key had never been used');
  assert.deepEqual(Object.keys(second.headers).sort(), Object.keys(other.headers).sort());
  same(first, await sales1.post(path, fields, o));
});

test('a change and a deletion sent again do nothing twice', async () => {
  const made = await leader.create('customer', body());
  const [change, removal] = [keyed(), keyed()];
  const a = await leader.patch(`${path}/${made.id}`, { grade: 'a' }, made._version, change);
  assert.equal(ok(a)._version, made._version + 1);
  same(a, await leader.patch(`${path}/${made.id}`, { grade: 'a' }, made._version, change));
  assert.equal((await leader.read('customer', made.id))._version, made._version + 1);
  for (let i = 0; i < 2; i++) ok(await leader.delete(`${path}/${made.id}`, made._version + 1, removal), 204);
  problem(await leader.delete(`${path}/${made.id}`, made._version + 1, keyed()), 404, 'not_found');
});

test('a replay shows what the caller may see now: its id alone, once the record is another’s', async () => {
  const [o, fields] = [keyed(), body()];
  const made = ok(await sales1.post(path, fields, o), 201);
  await leader.update('customer', await leader.read('customer', made.id), { owner: 11 });
  const again = await sales1.post(path, fields, o);
  assert.deepEqual([again.status, again.json], [201, { id: made.id }], 'it was done; more is not his to know');
});

test('a key that is too long is refused', async () => problem(await sales1.post(path, body(), keyed('k'.repeat(65))), 400, 'invalid'));

// Everything that a key may stand for, done by one, asked by others of each role under the same keys.
const writes = (made, fields) => [
  ['POST', path, fields], ['PATCH', `${path}/${made.id}`, { grade: 'a' }, '"1"'], ['POST', `${path}/bulk`, { act: 'create', items: [{ fields }] }],
  ['POST', `${path}/bulk`, { act: 'update', items: [{ id: made.id, version: 2, fields: { grade: 'b' } }] }],
];
const send = (who, [method, at, b, match], key) => who.request(method, at, { body: b, headers: { 'idempotency-key': key, ...(match && { 'if-match': match }) } });
const told = (a) => `${a.status} ${a.headers['idempotent-replayed'] ?? ''} ${a.headers.etag ?? ''} ${(a.json?.items ?? [a.json]).map((i) => `${i?.status} ${i?.code ?? i?.error?.code ?? ''}`)}`;
const planted = () => Object.fromEntries([['name', 'text'], ['mobile', 'mobile'], ['mail', 'mail'], ['remark', 'long_text']].map(([name, type]) => [name, canary({ name, type })]));

test('under another’s key nobody of any role learns that it was used, nor what for', async () => {
  const canaries = planted();
  const checker = new Checker([{ object: 'customer', key: 'replay', fields: canaries }]);
  const fields = { customer_type: 'company', ...Object.fromEntries(Object.entries(canaries).map(([k, c]) => [k, c.value])) };
  const made = await sales1.create('customer', body());
  const all = writes(made, { ...fields, name: '公司' }).map((w) => [w, randomUUID()]);
  for (const [w, key] of all) assert.match(told(await send(sales1, w, key)), /^20/);
  for (const login of ['service1', 'finance1', 'marketing', 'salescd', 'auditor', 'sysadmin', 'nobody']) {
    const who = await server.as(login);
    for (const [[method, at, b, match], key] of all) {
      // Who may make customers himself has values of his own; all others send the very same.
      const own = () => [method, at, login !== 'salescd' ? b : b.items ? { ...b, items: b.items.map((i) => ({ ...i, fields: body() })) } : body(), match];
      const a = await send(who, own(), key);
      assert.equal(told(a), told(await send(who, own(), randomUUID())), `${login} ${method} ${at}`);
      assert.notEqual(a.headers['idempotent-replayed'], 'true');
      assert.deepEqual([...checker.find(a)], [], login);
    }
  }
});

// The last test: it changes what everyone may do.
test('once rights were taken away a replay shows what is left of them: masks, or nothing', async () => {
  const canaries = planted();
  const fields = { customer_type: 'company', ...Object.fromEntries(Object.entries(canaries).map(([k, c]) => [k, c.value])) };
  const checker = new Checker([{ object: 'customer', key: 'replay', fields: Object.fromEntries(Object.entries(canaries).filter(([k]) => k !== 'name')) }]);
  const first = ok(await sales1.post(path, fields, keyed()), 201);
  const done = writes(first, { ...fields, mobile: mobile(), name: '另一公司' }).map((w) => [w, randomUUID()]);
  for (const [w, key] of done) assert.ok((await send(sales1, w, key)).text.length > 0);
  const [seen] = [await send(sales1, ...done[1])];
  assert.ok(checker.find(seen).size > 0, 'before, he sees what he wrote');
  const restart = async (change) => {
    const file = join(policies, 'sales.cedar'), text = readFileSync(file, 'utf8'), changed = change(text);
    assert.notEqual(changed, text);
    writeFileSync(file, changed);
    await server.restart();
    sales1 = await server.as('sales1');
  };
  await restart((text) => text.replace('when { ["public", "internal", "personal"].contains(context.class) && resource.owner == principal };', 'when { ["public", "internal"].contains(context.class) && resource.owner == principal };'));
  for (const [w, key] of done) {
    const a = await send(sales1, w, key);
    assert.deepEqual([...checker.find(a)].map((f) => f.name), [], `masked: ${w[0]} ${w[1]} ${a.text.slice(0, 300)}`);
  }
  assert.equal((await send(sales1, ...done[1])).json._views.mobile, 'masked');
  await restart((text) => `${text}\n@id("sales-no-more")\nforbid (principal in Role::"sales", action, resource is Customer);\n`);
  for (const [w, key] of done) {
    const a = await send(sales1, w, key);
    assert.deepEqual([...checker.find(a)], [], `nothing: ${w[0]} ${w[1]}`);
    assert.ok(!/"(mobile|mail|remark|grade)"/.test(a.text), a.text.slice(0, 300));
  }
});

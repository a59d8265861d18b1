// Idempotency keys: the same request again gets the same answer and does nothing twice; another request under the same key
// is refused; a key is its owner's alone; and a replay shows what the caller may see now, not what he once saw.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from '../api/client.mjs';
import { mobile } from '../api/people.mjs';
import { Server } from '../api/server.mjs';

let server, sales1, sales2, leader;
before(async () => {
  server = await new Server().start();
  [sales1, sales2, leader] = await Promise.all(['sales1', 'sales2', 'leader'].map((l) => server.as(l)));
});
after(() => server.stop());

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

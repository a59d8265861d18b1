import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { Server, until } from './server.mjs';

let server, leader, sales1, sales2, manager;
before(async () => {
  server = await new Server().start();
  [leader, sales1, sales2, manager] = await Promise.all(['leader', 'sales1', 'sales2', 'manager'].map((l) => server.as(l)));
});
after(() => server.stop());
const bulk = async (who, act, items, o) => ok(await who.post('/api/v1/records/customer/bulk', { act, items }, o), 207).items;

test('each item has the status and the problem that a single call would have', async () => {
  const made = await bulk(leader, 'create', [{ fields: company() }, { fields: company() }, { fields: { mobile: '1' } }, {}, 7]);
  assert.deepEqual(made.map((i) => i.status), [201, 201, 422, 400, 400]);
  assert.equal(made[0].error, null);
  assert.equal(made[2].error.code, 'invalid_fields');
  assert.ok(made[2].error.errors.some((x) => x.field === 'mobile' && x.message));
  const changed = await bulk(leader, 'update', [
    { id: made[0].id, version: 1, fields: { grade: 'a' } }, { id: made[1].id, version: 9, fields: { grade: 'a' } },
    { id: made[1].id, fields: { grade: 'a' } }, { id: randomUUID(), version: 1, fields: { grade: 'a' } }, { id: made[1].id, version: 1, fields: { grade: 'z' } },
  ]);
  assert.deepEqual(changed.map((i) => [i.status, i.error?.code ?? null]), [[200, null], [409, 'version_conflict'], [428, 'if_match_required'], [404, 'not_found'], [422, 'invalid_fields']]);
  assert.equal(changed[0].version, 2);
  assert.equal((await leader.read('customer', made[0].id)).grade, 'a');
  const gone = await bulk(leader, 'delete', [{ id: made[0].id, version: 2 }, { id: made[1].id, version: 1 }]);
  assert.deepEqual(gone.map((i) => i.status), [204, 204]);
  assert.deepEqual((await bulk(leader, 'restore', [{ id: made[0].id }])).map((i) => i.status), [200]);
});

test('what one may not do alone one may not do in bulk', async () => {
  const mine = await sales1.create('customer', company());
  assert.deepEqual((await bulk(sales2, 'update', [{ id: mine.id, version: 1, fields: { grade: 'a' } }])).map((i) => i.status), [404]);
  assert.deepEqual((await bulk(sales1, 'delete', [{ id: mine.id, version: 1 }])).map((i) => i.status), [403]);
  assert.deepEqual((await bulk(sales1, 'transfer', [{ id: mine.id, version: 1, fields: { owner: 11 } }])).map((i) => i.status), [403]);
  assert.deepEqual((await bulk(manager, 'transfer', [{ id: mine.id, version: 1, fields: { owner: 11 } }])).map((i) => i.status), [200]);
  ok(await sales2.get(`/api/v1/records/customer/${mine.id}`));
});

test('five hundred at once are done and answered in order; one more is refused', async () => {
  const items = Array.from({ length: 500 }, () => ({ fields: company() }));
  const made = await bulk(leader, 'create', items);
  assert.equal(made.length, 500);
  assert.ok(made.every((i) => i.status === 201));
  assert.equal(new Set(made.map((i) => i.id)).size, 500);
  problem(await leader.post('/api/v1/records/customer/bulk', { act: 'create', items: [...items, {}] }), 400, 'invalid');
  for (const body of [{}, { act: 'explode', items: [] }, { act: 'create' }, { act: 'create', items: {} }]) problem(await leader.post('/api/v1/records/customer/bulk', body), 400, 'invalid');
});

test('an idempotency key makes a repeated bulk do nothing twice', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const items = [{ fields: company() }, { fields: company() }];
  const first = await bulk(leader, 'create', items, { headers });
  const again = await bulk(leader, 'create', items, { headers });
  assert.deepEqual(again.map((i) => [i.status, i.id]), first.map((i) => [i.status, i.id]));
  const other = await bulk(leader, 'create', [items[0], { fields: company() }], { headers });
  assert.deepEqual(other.map((i) => i.status), [201, 422]);
  assert.equal(other[1].error.code, 'idempotency_mismatch');
});

test('recently opened records are listed newest first, by title as one sees them now', async () => {
  const who = await server.as('sales3');
  const made = [];
  for (let i = 0; i < 3; i++) made.push(await who.create('customer', company()));
  for (const m of made) ok(await who.get(`/api/v1/records/customer/${m.id}`));
  const items = await until('the openings are indexed', async () => {
    const list = ok(await who.get('/api/v1/recent')).items;
    return list[0]?.id === made[2].id && list;
  }, 5);
  assert.deepEqual(items.slice(0, 3).map((i) => [i.object, i.id, i.title]), [...made].reverse().map((m) => ['customer', m.id, m.name]));
  await leader.update('customer', await leader.read('customer', made[0].id), { owner: 10 });
  assert.ok(!ok(await who.get('/api/v1/recent')).items.some((i) => i.id === made[0].id), 'a record that is no longer his');
  assert.deepEqual(ok(await (await server.as('nobody')).get('/api/v1/recent')).items, []);
});

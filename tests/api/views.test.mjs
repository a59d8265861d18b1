import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Server } from './server.mjs';

let server, sales1, sales2, sales3;
before(async () => {
  server = await new Server().start();
  [sales1, sales2, sales3] = await Promise.all(['sales1', 'sales2', 'sales3'].map((l) => server.as(l)));
});
after(() => server.stop());
const path = '/api/v1/views/customer';
const list = async (who) => ok(await who.get(path)).items;

test('a view is saved, listed, changed and deleted by its owner alone', async () => {
  const where = { and: [{ field: 'mobile', op: 'eq', value: '13800138000' }, { field: 'grade', op: 'eq', value: 'a' }] };
  const made = ok(await sales1.post(path, { name: '重点客户', fields: ['name', 'mobile'], sort: ['-created_at'], where }), 201);
  assert.deepEqual([made.name, made.shared, made.own, made.where], ['重点客户', false, true, where]);
  assert.deepEqual(await list(sales1), [made]);
  assert.deepEqual(await list(sales2), []);
  problem(await sales2.patch(`${path}/${made.id}`, { name: 'x' }), 404, 'not_found');
  problem(await sales2.delete(`${path}/${made.id}`), 404, 'not_found');
  assert.equal(ok(await sales1.patch(`${path}/${made.id}`, { name: '新名' })).name, '新名');
  assert.deepEqual((await list(sales1))[0].where, where);
  ok(await sales1.delete(`${path}/${made.id}`), 204);
  assert.deepEqual(await list(sales1), []);
  problem(await sales1.delete(`${path}/${made.id}`), 404, 'not_found');
});

test('a shared view is seen by the department, without values on sealed fields', async () => {
  const where = { or: [{ field: 'mobile', op: 'eq', value: '13800138000' }, { field: 'grade', op: 'eq', value: 'a' }, { field: 'no_such', op: 'eq', value: 1 }] };
  const made = ok(await sales1.post(path, { name: '部门', shared: true, fields: ['name', 'no_such'], sort: ['name'], where }), 201);
  const [seen] = await list(sales2);
  assert.deepEqual([seen.id, seen.name, seen.shared, seen.own, seen.fields], [made.id, '部门', true, false, ['name']]);
  assert.deepEqual(seen.where, { or: [{ field: 'mobile', op: 'eq', value: null }, { field: 'grade', op: 'eq', value: 'a' }, { and: [] }] });
  assert.deepEqual(await list(sales3), [], 'another department');
  ok(await sales1.patch(`${path}/${made.id}`, { shared: false }));
  assert.deepEqual(await list(sales2), []);
  problem(await sales1.post(path, { name: '' }), 422, 'required', 'name');
  problem(await (await server.as('auditor')).get(path), 404, 'unknown_object');
});

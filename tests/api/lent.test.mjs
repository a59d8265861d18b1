// What is lent is looking and mending in the lender's scope: nothing is made, deleted, given away, revealed or handed on by
// it, not even after the lender came to more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { bankCard, company, mobile } from './people.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
let server, sec, manager, sales2, sales3, leader;
before(async () => {
  server = await new Server().start();
  [sec, manager, sales2, sales3, leader] = await Promise.all(['secadmin', 'manager', 'sales2', 'sales3', 'leader'].map((l) => server.as(l)));
});
after(() => server.stop());

const path = (c) => `${api}/records/customer/${c.id}`;
async function shut(c) {
  const now = await sales3.read('customer', c.id);
  const refused = (a) => assert.equal(a.status, 403, a.text);
  refused(await sales3.delete(path(c), now._version));
  refused(await sales3.patch(path(c), { owner: 12 }, now._version));
  refused(await sales3.post(`${path(c)}/reveal`, { fields: ['bank_card'], reason: '代同事查看' }));
  refused(await sales3.post(`${api}/handovers`, { from: 11, to: [12] }));
  const bulk = ok(await sales3.post(`${api}/records/customer/bulk`, { act: 'transfer', items: [{ id: c.id, version: now._version, fields: { owner: 12 } }] }), 207);
  assert.equal(bulk.items[0].status, 403, JSON.stringify(bulk));
  refused(await sales3.post(`${api}/records/customer`, { ...company({ mobile: mobile() }), owner: 11 }));
  assert.equal((await manager.read('customer', c.id)).owner.id, 11);
}

test('a lent role shows and mends, and does nothing else', async () => {
  const c = await sales2.create('customer', company({ mobile: mobile(), bank_card: bankCard() }));
  const far = await leader.create('customer', company({ mobile: mobile() }));
  problem(await sales3.get(path(c)), 404, 'not_found');
  const { id } = ok(await manager.post(`${api}/grants`, { why: 'leave', to: 12, roles: ['sales_manager'], until: Date.now() + 3600e3, reason: '休假' }), 201);
  await until('what is lent', async () => (await sales3.get(path(c))).status === 200);
  ok(await sales3.patch(path(c), { grade: 'a' }, (await sales3.read('customer', c.id))._version));
  await shut(c);

  // The lender comes to more: what he lent does not.
  problem(await sales3.get(path(far)), 404, 'not_found');
  ok(await sec.patch(`${api}/people/14`, { roles: ['sales_manager', 'branch_leader'] }));
  await until("the lender's new role", async () => (await manager.get(path(far))).status === 200);
  await until('the new rights everywhere', async () => ok(await sales3.get(`${api}/me`)).user === 12);
  problem(await sales3.get(path(far)), 404, 'not_found');
  await shut(c);
  ok(await manager.post(`${api}/grants/${id}/end`, { note: '回来了' }), 204);
  await until('its end', async () => (await sales3.get(path(c))).status === 404);
});

// No path by which one administrator alone gives himself a customer's data: each one is tried.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company, mobile } from './people.mjs';
import { password, Server } from './server.mjs';

const api = '/api/v1';
let server, sys, sec, aud, sales, customer;
before(async () => {
  server = await new Server().start();
  [sys, sec, aud, sales] = await Promise.all(['sysadmin', 'secadmin', 'auditor', 'sales1'].map((l) => server.as(l)));
  customer = await sales.create('customer', company({ person_name: '诸葛亮', mobile: mobile() }));
});
after(() => server.stop());

// However it was tried, none of the three sees anything of a customer afterwards.
async function nothingSeen() {
  for (const who of [sys, sec, aud]) {
    assert.ok([403, 404].includes((await who.get(`${api}/records/customer/${customer.id}`)).status));
    assert.ok([403, 404].includes((await who.post(`${api}/records/customer/query`, {})).status));
  }
}
const propose = (who, kind, more) => who.post(`${api}/proposals`, { kind, reason: '测试', ...more });
const items = (...list) => ({ change: { items: list } });
const user = (id, document) => ({ kind: 'user', id, document });

test('a role for oneself', async () => {
  problem(await sec.patch(`${api}/people/2`, { roles: ['boss'] }), 403, 'own_rights');
  problem(await sys.patch(`${api}/people/1`, { roles: ['boss'] }), 403, 'not_your_duty');
  problem(await aud.patch(`${api}/people/3`, { roles: ['boss'] }), 403, 'not_your_duty');
  problem(await sec.patch(`${api}/people/1`, { roles: ['boss'] }), 403, 'needs_second');
  await nothingSeen();
});

test('the duty off and a role on', async () => {
  problem(await sec.patch(`${api}/people/2`, { duties: [] }), 403, 'own_rights');
  problem(await propose(sec, 'registry', items(user(2, { duties: [], roles: ['boss'] }))), 403, 'own_rights');
  problem(await propose(sys, 'registry', items(user(1, { duties: [], roles: ['boss'] }))), 403, 'own_rights');
  // Even for another: the last of a duty stays.
  problem(await propose(sec, 'registry', items(user(1, { duties: [], roles: ['boss'] }))), 409, 'last_of_duty');
});

test('a second account', async () => {
  problem(await sec.post(`${api}/people`, { login: 'second', name: '影子' }), 403, 'not_your_duty');
  problem(await sys.post(`${api}/people`, { login: 'second', name: '影子', roles: ['boss'] }), 403, 'not_your_duty');
  problem(await sys.post(`${api}/people`, { login: 'second', name: '影子', password }), 422, 'bad_document', 'password');
  const made = ok(await sys.post(`${api}/people`, { login: 'second', name: '影子' }), 201);
  const shadow = server.client();
  problem(await shadow.post(`${api}/session`, { login: 'second', password }), 401, 'sign_in_failed');
  shadow.close();
  problem(await sys.patch(`${api}/people/${made.id}`, { roles: ['boss'] }), 403, 'not_your_duty');
  const asked = ok(await propose(sys, 'registry', items(user(made.id, { roles: ['boss'] }))), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await aud.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'not_your_duty');
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: false, note: '不认识此人' }));
});

test("another's password", async () => {
  problem(await propose(sec, 'password', { user: 20 }), 403, 'not_your_duty');
  problem(await propose(aud, 'password', { user: 20 }), 403, 'not_your_duty');
  const asked = ok(await propose(sys, 'password', { user: 20 }), 201);
  const half = server.client();
  problem(await half.post(`${api}/session`, { login: 'boss', password: asked.secret }), 401, 'sign_in_failed');
  half.close();
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  const boss = server.client();
  await boss.signIn('boss', password); // nothing has changed for him
  boss.close();
  ok(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: false }));
});

test('an API key', async () => {
  for (const who of [sys, sec, aud])
    problem(await who.post(`${api}/keys`, { label: 'k', roles: ['boss'], expires_at: new Date(Date.now() + 86400e3).toISOString() }), 403, 'not_your_duty');
});

test('a grant, the glass, a loan', async () => {
  for (const who of [sys, sec, aud]) {
    problem(await propose(who, 'grant', { user: who.me.user, change: { roles: ['boss'], hours: 1 } }), 403, 'duty_holder');
    problem(await who.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'duty_holder');
  }
  const until = Date.now() + 3600e3;
  problem(await sales.post(`${api}/grants`, { why: 'leave', to: 2, roles: ['sales'], until, reason: '休假' }), 403, 'duty_holder');
  problem(await propose(sec, 'registry', items({ kind: 'grant', document: { user: 2, roles: ['boss'], until } })), 422, 'bad_document');
  await nothingSeen();
});

test('another department, another scope', async () => {
  problem(await sys.patch(`${api}/people/1`, { department: 3, manages: [1] }), 403, 'own_rights');
  problem(await sec.patch(`${api}/people/2`, { department: 3 }), 403, 'not_your_duty');
  await nothingSeen();
});

test('a wider role, a higher budget, a lower class', async () => {
  const roles = ok(await sec.get(`${api}/roles`)).items;
  const boss = roles.find((r) => r.name === 'boss');
  problem(await sys.patch(`${api}/roles/${boss.id}`, boss.document), 403, 'not_your_duty');
  // The security administrator may shape roles; none of them is his.
  ok(await sec.patch(`${api}/roles/${boss.id}`, { ...boss.document, break_glass_hours: 4 }));
  problem(await sec.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'duty_holder');
  assert.notEqual((await sys.patch(`${api}/objects/customer/fields/mobile`, { class: 'public' })).status, 200);
  await nothingSeen();
});

test('import, restore, views, suggestions and the stewards’ queue', async () => {
  for (const who of [sys, sec, aud]) {
    assert.ok([403, 404].includes((await who.post(`${api}/records/customer/${customer.id}/restore`)).status));
    assert.ok([403, 404].includes((await who.post(`${api}/records/customer/${customer.id}/reveal`, { fields: ['mobile'], reason: '测试测试' })).status));
    assert.deepEqual(ok(await who.post(`${api}/suggest`, { text: '诸葛亮', limit: 5 })).items, []);
    assert.ok([403, 404].includes((await who.post(`${api}/imports`, { object: 'customer', file_name: 'a.csv', size: 10 })).status));
  }
});

test('every refusal is in the log under the name of who tried', async () => {
  const page = ok(await aud.get(`${api}/audit?limit=200&act=refuse`));
  const actors = new Set(page.items.map((i) => i.actor));
  assert.ok(page.items.length > 10 && actors.size >= 2, JSON.stringify([...actors]));
});

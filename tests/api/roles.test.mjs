// What each member of the demo company sees: the table of what a user can do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company, mobile, residentId } from './people.mjs';
import { Server } from './server.mjs';

let server;
const id = {};
before(async () => {
  server = await new Server().start();
  const make = async (login, key, more = {}) => {
    const who = await server.as(login);
    const c = await who.create('customer', company({ person_name: '诸葛亮', annual_amount: '88.00', resident_id: residentId(), mail: 'kong@ming.cn', ...more }));
    id[key] = c.id;
    return [who, c];
  };
  const [sales1, mine] = await make('sales1', 'sales1');
  await make('sales2', 'sales2');
  await make('sales3', 'sales3');
  await make('salescd', 'salescd');
  await sales1.create('contact', { customer: mine.id, person_name: '周瑜', mobile: mobile() });
  await sales1.create('order', { customer: mine.id, number: 'R-1', amount: '12.00', status: 'placed', ordered_at: '2026-01-01T00:00:00Z', receiver: '黄盖' });
  await (await server.as('service1')).create('ticket', { customer: mine.id, title: '要发票' });
});
after(() => server.stop());

const seen = async (login) => {
  const items = (await (await server.as(login)).query('customer', { limit: 200 })).items;
  return Object.keys(id).filter((k) => items.some((i) => i.id === id[k])).sort();
};
const hangzhou = ['sales1', 'sales2', 'sales3'];
const all = ['sales1', 'sales2', 'sales3', 'salescd'];

test('a salesperson sees own customers, with contact data clear and the resident ID masked', async () => {
  assert.deepEqual(await seen('sales1'), ['sales1']);
  assert.deepEqual(await seen('salescd'), ['salescd']);
  const c = await (await server.as('sales1')).read('customer', id.sales1);
  assert.match(c.mobile, /^\+86\d{11}$/);
  assert.equal(c.person_name, '诸葛亮');
  assert.deepEqual(c._views, { resident_id: 'masked', bank_card: 'masked' });
});

test('a manager sees the department and what is below it', async () => {
  assert.deepEqual(await seen('manager'), ['sales1', 'sales2']);
});

test('a branch leader sees the branch', async () => {
  assert.deepEqual(await seen('leader'), hangzhou);
  const c = await (await server.as('leader')).read('customer', id.sales3);
  assert.equal(c.person_name, '诸葛亮');
  assert.deepEqual(c._views, { resident_id: 'masked', bank_card: 'masked' });
});

test('a service agent sees the branch masked, sensitive fields not at all, tickets clear', async () => {
  assert.deepEqual(await seen('service1'), hangzhou);
  const service = await server.as('service1');
  const c = await service.read('customer', id.sales1);
  assert.equal(c.resident_id, undefined);
  assert.equal(c.bank_card, undefined);
  assert.match(c.mobile, /^1\d\d\*{4}\d{4}$/);
  assert.match(c.person_name, /^诸葛?\*+$/);
  assert.ok(!JSON.stringify(c).includes('亮'));
  const tickets = (await service.query('ticket')).items;
  assert.equal(tickets[0].title, '要发票');
  assert.match(tickets[0].customer.title, /\S/);
});

test('finance sees figures and no contact data', async () => {
  assert.deepEqual(await seen('finance1'), hangzhou);
  assert.deepEqual(await seen('financehq'), all);
  const finance = await server.as('finance1');
  const c = await finance.read('customer', id.sales1);
  assert.equal(c.annual_amount, '88.00');
  for (const f of ['mobile', 'person_name', 'mail', 'resident_id', 'address', 'remark', 'phone', 'birth_date', 'gender']) assert.equal(c[f], undefined, f);
  const meta = ok(await finance.get('/api/v1/objects/customer'));
  assert.ok(!meta.fields.some((f) => f.name === 'mobile'));
  assert.equal((await finance.query('order')).items[0].amount, '12.00');
  problem(await finance.post('/api/v1/records/contact/query', {}), 404, 'unknown_object');
  problem(await finance.get('/api/v1/objects/contact'), 404, 'unknown_object');
});

test('head office sees the whole group masked, the boss clear, operations masked and without a reveal', async () => {
  for (const login of ['head', 'boss', 'operations', 'steward', 'privacy']) assert.deepEqual(await seen(login), all, login);
  for (const login of ['head', 'operations', 'steward', 'privacy']) {
    const c = await (await server.as(login)).read('customer', id.salescd);
    assert.match(c.mobile, /\*/, login);
    assert.match(c.resident_id, /\*/, login);
  }
  assert.match((await (await server.as('boss')).read('customer', id.salescd)).mobile, /^\+86/);
  const reveal = { fields: ['mobile'], reason: '回访客户核实' };
  problem(await (await server.as('operations')).post(`/api/v1/records/customer/${id.salescd}/reveal`, reveal), 403, 'reveal_denied');
  ok(await (await server.as('head')).post(`/api/v1/records/customer/${id.salescd}/reveal`, reveal));
});

test('marketing sees the branch’s customers masked, no sensitive field', async () => {
  assert.deepEqual(await seen('marketing'), hangzhou);
  const c = await (await server.as('marketing')).read('customer', id.sales1);
  assert.match(c.mobile, /\*/);
  assert.equal(c.resident_id, undefined);
});

test('administrators, the auditor and people without a role know no customer at all', async () => {
  for (const login of ['sysadmin', 'secadmin', 'auditor', 'nobody']) {
    const who = await server.as(login);
    for (const a of [await who.get('/api/v1/records/customer'), await who.post('/api/v1/records/customer/query', {}), await who.get(`/api/v1/records/customer/${id.sales1}`),
      await who.get('/api/v1/records/customer/groups?by=status'), await who.post('/api/v1/records/customer', company()), await who.get('/api/v1/objects/customer'),
      await who.get(`/api/v1/records/customer/${id.sales1}/history`), await who.get(`/api/v1/records/customer/${id.sales1}/timeline`)])
      problem(a, 404, 'unknown_object');
    const unknown = await who.get('/api/v1/records/no_such_object');
    const hidden = await who.get('/api/v1/records/customer');
    const plain = (x) => x.text.replace(/"request_id":"[^"]*"/, '');
    assert.equal(plain(hidden), plain(unknown));
    assert.ok(!ok(await who.get('/api/v1/objects')).items.some((o) => o.name === 'customer'), login);
    assert.equal(ok(await who.get('/api/v1/me')).acts.customer, undefined);
  }
});

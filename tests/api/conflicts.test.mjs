// The stewards' queue: what is to be unique but was written twice by people who could not know of each other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { mobile } from './people.mjs';
import { Server, until } from './server.mjs';

let server, first, second, shared;

const customer = (name, number) => ({ name, customer_type: 'company', status: 'prospective', mobile: number });
const queue = async (login) => ok(await (await server.as(login)).get('/api/v1/conflicts')).items;

before(async () => {
  server = await new Server().start();
  shared = mobile();
  first = await (await server.as('sales1')).create('customer', customer('杭州甲有限公司', shared));
  second = await (await server.as('salescd')).create('customer', customer('成都乙有限公司', shared));
});
after(() => server.stop());

test('the second one is accepted, and the steward finds both, by titles as he sees them', async () => {
  const [one, ...more] = await queue('steward');
  assert.deepEqual(more, []);
  assert.deepEqual([one.object, one.field], ['customer', 'mobile']);
  assert.deepEqual(one.records.map((r) => r.id), [second.id, first.id]);
  assert.ok(one.records.every((r) => r.title));
  assert.ok(!JSON.stringify(one).includes(shared.slice(-11)));
});

test('nobody without the act gets to the queue, nor to an entry by its id', async () => {
  const [{ id }] = await queue('steward');
  for (const login of ['sales1', 'salescd', 'leader', 'boss', 'head', 'privacy', 'sysadmin', 'secadmin', 'auditor', 'nobody']) {
    const c = await server.as(login);
    problem(await c.get('/api/v1/conflicts'), 403, 'denied');
    problem(await c.post(`/api/v1/conflicts/${id}`, { resolution: 'kept_both' }), 403, 'denied');
    assert.ok(!ok(await c.get('/api/v1/me')).areas.includes('conflicts'));
  }
  assert.ok(ok(await (await server.as('steward')).get('/api/v1/me')).areas.includes('conflicts'));
});

test('pages hold what was asked for and go on where they ended', async () => {
  const more = [];
  for (let n = 0; n < 4; n++) {
    const number = mobile();
    await (await server.as('sales1')).create('customer', customer(`杭州${n}有限公司`, number));
    more.push(await (await server.as('salescd')).create('customer', customer(`成都${n}有限公司`, number)));
  }
  const c = await server.as('steward');
  const seen = [];
  let next = '';
  do {
    const page = ok(await c.get(`/api/v1/conflicts?limit=2${next ? `&cursor=${encodeURIComponent(next)}` : ''}`));
    assert.ok(page.items.length <= 2);
    seen.push(...page.items.map((i) => i.records[0].id));
    next = page.next;
  } while (next);
  assert.deepEqual([...seen].sort(), [second.id, ...more.map((r) => r.id)].sort());
  problem(await c.get('/api/v1/conflicts?limit=0'), 400, 'invalid');
});

test('an entry goes when one of its records goes into the recycle bin', async () => {
  const number = mobile();
  await (await server.as('sales1')).create('customer', customer('杭州丙有限公司', number));
  const gone = await (await server.as('salescd')).create('customer', customer('成都丁有限公司', number));
  assert.ok((await queue('steward')).some((i) => i.records[0].id === gone.id));
  const privacy = await server.as('privacy');
  const now = await privacy.read('customer', gone.id);
  ok(await privacy.delete(`/api/v1/records/customer/${gone.id}`, now._version), 204);
  assert.ok(!(await queue('steward')).some((i) => i.records[0].id === gone.id));
});

test('a closed entry is gone, and who closed it how stands in the audit log', async () => {
  const c = await server.as('steward');
  const { id } = (await queue('steward')).find((i) => i.records[0].id === second.id);
  problem(await c.post(`/api/v1/conflicts/${id}`, { resolution: 'merged' }), 422, 'required');
  problem(await c.post('/api/v1/conflicts/1.2.3', { resolution: 'kept_both' }), 404, 'not_found');
  ok(await c.post(`/api/v1/conflicts/${id}`, { resolution: 'kept_both', note: '两家分公司共用总机' }), 204);
  assert.ok(!(await queue('steward')).some((i) => i.id === id));
  problem(await c.post(`/api/v1/conflicts/${id}`, { resolution: 'kept_both' }), 404, 'not_found');
  const auditor = await server.as('auditor');
  const entry = await until('the entry in the explorer', async () =>
    ok(await auditor.get(`/api/v1/audit?record=${second.id}`)).items.find((i) => i.tag === 'conflict kept_both'));
  assert.equal(entry.actor.name, '数据员');
  assert.equal(ok(await auditor.get(`/api/v1/audit/${entry.seq}`)).detail, '两家分公司共用总机');
});

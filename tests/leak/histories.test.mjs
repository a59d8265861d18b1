// Two histories that differ only in what a person may not see answer him alike: content, order, counts, versions, times.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { bankCard, residentId } from '../api/people.mjs';
import { Server } from '../api/server.mjs';

let server;
const twins = {}; // two customers alike to those who may not see the difference
before(async () => {
  server = await new Server().start();
  const sales1 = await server.as('sales1');
  const leader = await server.as('leader');
  const salescd = await server.as('salescd');
  const make = (n) => sales1.create('customer', { customer_type: 'company', name: '双生公司', mobile: `1391111000${n}`, person_name: '钱多多', grade: 'b', annual_amount: '10.00', mail: 'a@b.cn', resident_id: residentId(1), remark: '甲' });
  twins.plain = await make(1);
  twins.busy = await make(2);
  const change = async (who, id, fields) => who.update('customer', await who.read('customer', id), fields);
  for (const t of [twins.plain, twins.busy]) await change(sales1, t.id, { grade: 'a' });
  // What follows happens to one of them only; each step is invisible to those named in `same`.
  await change(sales1, twins.busy.id, { resident_id: residentId(2) });
  await change(sales1, twins.busy.id, { bank_card: bankCard(77) });
  await change(leader, twins.busy.id, { bank_card: null });
  await change(sales1, twins.busy.id, { remark: '乙' });
  await sales1.create('follow_up', { customer: twins.busy.id, kind: 'call', at: '2026-05-01T00:00:00Z', content: '密' });
  await salescd.create('customer', { customer_type: 'company', name: '别处公司', mobile: '13911110002' });
});
after(() => server.stop());

// Ids become the order of their first appearance, times their rank; the mobile's last digit is the twins' own.
function normal(answer) {
  const ids = new Map();
  const times = [...new Set(answer.text.match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? [])].sort();
  return `${answer.status} ${answer.headers.etag ?? ''} ${answer.text
    .replace(/"request_id":"[^"]*"/g, '')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => ids.get(id) ?? ids.set(id, `ID${ids.size}`).get(id))
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (t) => `T${times.indexOf(t)}`)
    .replace(/(000)[12]"/g, '$1N"')
    .replace(/"before":"T\d"/g, '')}`;
}

const paths = (t) => [
  ['GET', `/api/v1/records/customer/${t.id}`],
  ['GET', `/api/v1/records/customer/${t.id}/history`],
  ['GET', `/api/v1/records/customer/${t.id}/history?limit=1`],
  ['GET', `/api/v1/records/customer/${t.id}/timeline`],
  ['POST', '/api/v1/records/customer/query', { where: { field: 'created_at', op: 'eq', value: t.created_at }, count: true, limit: 1 }],
  ['POST', '/api/v1/records/customer/query', { where: { field: 'created_at', op: 'eq', value: t.created_at }, group_by: 'grade' }],
];

// Finance sees no personal field and no follow-up: nothing of what happened to the busy twin.
for (const person of ['finance1', 'financehq']) {
  test(`${person} can't tell the twins apart`, async () => {
    const who = await server.as(person);
    const [a, b] = [paths(twins.plain), paths(twins.busy)];
    for (let i = 0; i < a.length; i++) {
      const x = normal(await who.request(a[i][0], a[i][1], { body: a[i][2] }));
      const y = normal(await who.request(b[i][0], b[i][1], { body: b[i][2] }));
      assert.match(x, /^200/);
      assert.equal(x, y, a[i][1]);
    }
    assert.equal(ok(await who.get(`/api/v1/records/customer/${twins.busy.id}`))._version, 2);
  });
}

test('marketing, to whom the sensitive changes are hidden and a remark’s mask is the same, can’t either', async () => {
  const who = await server.as('marketing');
  for (let i = 0; i < 3; i++) {
    const [a, b] = [paths(twins.plain)[i], paths(twins.busy)[i]];
    assert.equal(normal(await who.request(a[0], a[1])), normal(await who.request(b[0], b[1])), a[1]);
  }
});

test('a stale version is refused by the versions that the writer can see', async () => {
  const who = await server.as('finance1');
  const [a, b] = [twins.plain, twins.busy];
  const answers = [];
  for (const t of [a, b]) answers.push(normal(await who.patch(`/api/v1/records/customer/${t.id}`, { credit_limit: '5.00' }, 1)));
  assert.match(answers[0], /^409/);
  assert.equal(answers[0], answers[1]);
  for (const t of [a, b]) answers.push(normal(await who.patch(`/api/v1/records/customer/${t.id}`, { credit_limit: '5.00' }, 2)));
  assert.match(answers[2], /^200 "3"/);
  assert.equal(answers[2], answers[3]);
});

test('whoever may see the difference does', async () => {
  const who = await server.as('sales1');
  assert.notEqual(normal(await who.get(paths(twins.plain)[1][1])), normal(await who.get(paths(twins.busy)[1][1])));
});

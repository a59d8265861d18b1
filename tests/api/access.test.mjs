// Access asked for in place: a field of a record or of all one sees, for a time, approved by the department's head.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byTwo, ok, problem } from './client.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
let server, sales, service, manager, leader;
let one, two;

const ask = (who, change, reason = '客户来电核对') =>
  who.post(`${api}/proposals`, { kind: 'access', reason, change: { object: 'customer', hours: 2, ...change } });
const decide = (who, id, approve = true) => who.post(`${api}/proposals/${id}/decide`, { approve, note: '已核实' });
const row = async (who, id) => ok(await who.get(`${api}/records/customer/${id}`));
const customer = async (name, mobile) =>
  ok(await sales.post(`${api}/records/customer`, { name, customer_type: 'company', status: 'active', mobile, person_name: '周明' }), 201).id;

before(async () => {
  server = await new Server().start();
  [sales, service, manager, leader] = await Promise.all(['sales1', 'service1', 'manager', 'leader'].map((n) => server.as(n)));
  const sys = await server.as('sysadmin');
  await byTwo(server, sys, 18, { manages: [2] }); // the branch's leader leads the branch
  one = await customer('授权甲公司', '13912340001');
  two = await customer('授权乙公司', '13912340002');
});
after(() => server.stop());

test('a masked field is asked for, counted, approved by the head alone, opens this record only, and is told everywhere', async () => {
  assert.equal((await row(service, one)).mobile, '139****0001');
  const made = ok(await ask(service, { records: [one], fields: ['mobile'] }), 201);
  assert.deepEqual(made.deciders.map((d) => d.id), [18]);
  problem(await decide(service, made.id), 403, 'own_proposal');
  problem(await decide(sales, made.id), 403, 'not_your_duty');
  problem(await decide(manager, made.id), 403, 'not_your_duty'); // leads another department
  problem(await decide(await server.as('secadmin'), made.id), 403, 'not_your_duty');
  problem(await sales.get(`${api}/proposals/${made.id}/effect`), 404, 'not_found');
  const waiting = ok(await leader.get(`${api}/proposals?to_decide=true`)).items.find((p) => p.id === made.id);
  assert.deepEqual([waiting.change.name, waiting.change.labels[0].zh, waiting.change.records], ['customer', '手机', [one]]);
  assert.deepEqual(ok(await leader.get(`${api}/proposals/${made.id}/effect`)), { records: 1, fields: [{ field: 'mobile', class: 'personal', opens: 1 }] });
  ok(await decide(leader, made.id));
  const open = await row(service, one);
  assert.equal(open.mobile, '+8613912340001');
  assert.ok(open._given.mobile > new Date().toISOString());
  assert.equal((await row(service, two)).mobile, '139****0002');
  const page = ok(await service.get(`${api}/records/customer?fields=mobile`)).items;
  assert.equal(page.find((r) => r.id === one).mobile, '+8613912340001');
  assert.equal(page.find((r) => r.id === two).mobile, '139****0002');
  const why = ok(await service.post(`${api}/why`, { object: 'customer', id: one, field: 'mobile' }));
  assert.deepEqual(why.given.map((g) => [g.approved_by, g.all, g.fields]), [[18, false, ['mobile']]]);
  assert.equal(ok(await service.post(`${api}/why`, { object: 'customer', id: two, field: 'mobile' })).given.length, 0);
  const grant = ok(await service.get(`${api}/grants`)).items[0];
  assert.deepEqual([grant.why, grant.roles, grant.approved_by, grant.records], ['access', [], 18, [one]]);
  const log = ok(await (await server.as('auditor')).get(`${api}/audit?act=admin&limit=20`)).items.map((i) => i.tag);
  assert.ok(log.includes(`propose ${made.id} access 15`) && log.includes(`approve ${made.id} access 15`));
  // ended by hand it is over at once
  ok(await leader.post(`${api}/grants/${grant.id}/end`, { note: '已完成' }), 204);
  ok(await service.get(`${api}/me`));
  await until('the masked value', async () => (await row(service, one)).mobile === '139****0001');
});

test('what is not seen, not known, open already or above the ceiling can not be asked for; nobody asks for another', async () => {
  const other = await server.as('sales2');
  problem(await ask(other, { records: [one], fields: ['resident_id'] }), 404, 'not_found');
  problem(await ask(service, { records: [one], fields: ['resident_id'] }), 422, 'unknown_field'); // hidden from service everywhere
  problem(await ask(service, { records: [one], fields: ['name'] }), 409, 'already_open');
  problem(await ask(service, { records: [one, one], fields: ['mobile'] }), 422, 'bad_document');
  problem(await ask(service, { records: [one], fields: ['mobile'], hours: 721 }), 422, 'bad_document');
  problem(await ask(service, { records: [one], fields: [] }), 422, 'bad_document');
  problem(await ask(service, { object: 'nothing', fields: ['mobile'] }), 404, 'unknown_object');
  problem(await ask(service, { fields: ['mobile'] }, ''), 422, 'reason_missing');
  problem(await ask(await server.as('operations'), { fields: ['mobile'] }), 403, 'above_ceiling');
  problem(await ask(await server.as('head'), { fields: ['mobile'] }), 409, 'no_approver');
  problem(await ask(await server.as('secadmin'), { fields: ['mobile'] }), 404, 'unknown_object');
});

test('a whole field is counted; the head on leave is deputised for, and the deputy never decides his own', async () => {
  const made = ok(await ask(service, { fields: ['mobile'] }), 201);
  const effect = ok(await leader.get(`${api}/proposals/${made.id}/effect`));
  assert.ok(effect.records >= 2 && effect.fields[0].opens === effect.records);
  ok(await leader.post(`${api}/grants`, { why: 'leave', to: 16, roles: ['branch_leader'], until: Date.now() + 3600e3, reason: '出差' }), 201);
  const deputy = await server.as('service2');
  const own = ok(await ask(deputy, { fields: ['resident_id'] }), 201);
  problem(await decide(deputy, own.id), 403, 'own_proposal');
  ok(await decide(deputy, made.id));
  await until('the value in clear', async () => (await row(service, two)).mobile === '+8613912340002');
  ok(await decide(leader, own.id, false));
});

const endAll = async (who) => {
  for (const g of ok(await who.get(`${api}/grants?live=true`)).items) ok(await who.post(`${api}/grants/${g.id}/end`, { note: '收回' }), 204);
  ok(await who.get(`${api}/me`));
  await until('the masked value', async () => (await row(who, two)).mobile === '139****0002');
};

test('it stands among rights and reviews, and is ended from there', async () => {
  const [sec, auditor] = await Promise.all(['secadmin', 'auditor'].map((n) => server.as(n)));
  await endAll(service);
  ok(await decide(leader, ok(await ask(service, { records: [one], fields: ['mobile'] }), 201).id));
  await until('the value in clear', async () => (await row(service, one)).mobile === '+8613912340001');
  const grant = ok(await service.get(`${api}/grants?live=true`)).items[0];
  const held = async () => ok(await auditor.get(`${api}/rights/unused?days=30&q=service1`)).items;
  await until('the index', async () => ok(await auditor.get(`${api}/rights/unused?days=30&q=service1`)).indexed_to > 0);
  const grown = ok(await sec.get(`${api}/rights/grown?days=1`)).items.find((i) => i.user === 15);
  assert.ok(grown.grants.some((g) => g.id === grant.id && g.access === 'customer'));
  const { id } = ok(
    await sec.post(`${api}/reviews`, {
      title: '就地授权复核',
      scope: { kinds: ['access'], departments: [], roles: [] },
      reviewers: { heads: true, named: [], fallback: 0 },
      at_due: 'show',
      due_days: 3,
      repeat_months: 0,
    }),
    201,
  );
  const page = ok(await leader.get(`${api}/reviews/${id}?mine=true`));
  const line = page.lines.find((l) => l.ref === grant.id);
  assert.deepEqual([line.user, line.kind, line.name, line.reviewer, line.held], [15, 'access', 'customer', 18, true]);
  const told = page.access.find((a) => a.ref === grant.id);
  assert.deepEqual([told.fields.map((f) => f.zh), told.records, told.approved_by], [['手机'], 1, 18]);
  const other = ok(await manager.get(`${api}/reviews`)).items.some((i) => i.review.id === id);
  assert.equal(other, false); // no line of it is his
  ok(await leader.post(`${api}/reviews/${id}/answer`, { lines: [{ user: 15, n: line.n }], answer: 'take_away', reason: '已办完' }), 204);
  const carried = ok(await sec.post(`${api}/reviews/${id}/carry`, { lines: [{ user: 15, n: line.n }] })).items;
  assert.deepEqual(carried.map((i) => i.outcome), ['done']);
  await until('the masked value', async () => (await row(service, one)).mobile === '139****0001');
  assert.ok(!(await held()).some((i) => i.ref === grant.id));
  const again = ok(await sec.post(`${api}/rights/take`, { items: [{ user: 15, kind: 'access', right: 'customer', ref: grant.id }], note: '收回' })).items;
  assert.deepEqual(again.map((i) => [i.outcome, i.code]), [['refused', 'right_gone']]);
});

test('it ends where he stands in another department, and where the ceiling falls', async () => {
  const [sys, sec] = await Promise.all(['sysadmin', 'secadmin'].map((n) => server.as(n)));
  ok(await decide(leader, ok(await ask(service, { records: [one, two], fields: ['mobile'] }), 201).id));
  await until('the value in clear', async () => (await row(service, one)).mobile === '+8613912340001');
  const was = ok(await sec.get(`${api}/people/15`)).document.department;
  // a ceiling that falls: what he still sees is masked again, and no page is refused
  const role = ok(await sec.get(`${api}/roles`)).items.find((r) => r.name === 'service');
  const ceiling = (personal) =>
    sec.patch(`${api}/roles/${role.id}`, { ...role.document, ceiling: { personal, sensitive: 'hidden' } });
  ok(await ceiling('masked'));
  const masked = ok(await service.get(`${api}/records/customer?fields=mobile`)).items;
  assert.equal(masked.find((r) => r.id === one).mobile, '139****0001');
  assert.equal((await row(service, one))._given, undefined);
  ok(await ceiling('clear'));
  await until('the value in clear', async () => (await row(service, one)).mobile === '+8613912340001');
  const grant = ok(await service.get(`${api}/grants?live=true`)).items[0];
  ok(await sys.patch(`${api}/people/15`, { department: 3 }));
  ok(await service.get(`${api}/me`));
  await until('no value', async () => {
    const list = ok(await service.get(`${api}/records/customer?fields=mobile`)).items;
    return list.every((r) => !String(r.mobile ?? '').startsWith('+86'));
  });
  assert.equal(ok(await service.get(`${api}/grants?live=true`)).items.length, 0);
  assert.equal(ok(await service.get(`${api}/grants`)).items.find((g) => g.id === grant.id).moved, true);
  ok(await sys.patch(`${api}/people/15`, { department: was }));
});

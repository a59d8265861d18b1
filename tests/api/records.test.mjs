import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { bankCard, company, mobile, person, residentId } from './people.mjs';
import { Server } from './server.mjs';

let server, sales1, sales2, manager, service, leader, boss, finance, steward;
before(async () => {
  server = await new Server().start();
  [sales1, sales2, manager, service, leader, boss, finance, steward] = await Promise.all(
    ['sales1', 'sales2', 'manager', 'service1', 'leader', 'boss', 'finance1', 'steward'].map((l) => server.as(l)));
});
after(() => server.stop());

test('a record is made, read, changed, and comes back as it was written', async () => {
  const fields = company({
    person_name: '欧阳娜娜', mail: 'Nana@Example.cn', phone: '0571-87654321', resident_id: residentId(), bank_card: bankCard(),
    industry: 'it', region: '330106', address: '杭州市西湖区文三路 1 号', birth_date: '1990-02-28', gender: 'female',
    annual_amount: '1234567.80', credit_limit: '100.00', website: 'https://example.cn/a', employees: 42, tags: ['老客户', '重点'],
    remark: '多行\n备注', last_contact_at: '2026-01-02T03:04:05.000Z', status: 'active', grade: 'b', source: 'referral', short_name: '测试',
  });
  const answer = await sales1.post('/api/v1/records/customer', fields);
  const made = ok(answer, 201);
  assert.equal(answer.headers.location, `/api/v1/records/customer/${made.id}`);
  assert.equal(answer.headers.etag, `"${made._version}"`);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.match(made.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(made._version, 1);
  const got = await sales1.get(`/api/v1/records/customer/${made.id}`);
  assert.equal(got.headers.etag, '"1"');
  assert.deepEqual(got.json, made);
  for (const [k, v] of Object.entries(fields)) {
    if (['resident_id', 'bank_card', 'mail', 'mobile', 'phone'].includes(k)) continue;
    assert.deepEqual(made[k], v, k);
  }
  assert.equal(made.mail.toLowerCase(), 'nana@example.cn');
  assert.equal(made.mobile, `+86${fields.mobile}`);
  assert.deepEqual(made.owner, { id: 10, name: '王芳' });
  assert.deepEqual(made.department, { id: 3, name: '杭州销售一部' });
  assert.match(made.resident_id, /\*/);
  assert.equal(made._views.resident_id, 'masked');
  assert.equal(made._views.mobile, undefined);
  assert.deepEqual([...made._acts].sort(), ['reveal', 'update']);
  const changed = await sales1.update('customer', made, { grade: 'a', remark: null, mobile: mobile() });
  assert.equal(changed.grade, 'a');
  assert.equal(changed.remark, null);
  assert.equal(changed._version, 4, 'one for each of the three fields changed');
  assert.equal(changed.name, fields.name);
});

test('a record can be written back as it was read', async () => {
  const made = await sales1.create('customer', company({ tags: ['a'], annual_amount: '5.00' }));
  const { owner, department, branch, created_at, updated_at, ...rest } = made;
  const back = await sales1.update('customer', made, { ...rest, owner, grade: 'c' });
  assert.equal(back.grade, 'c');
  const child = await sales1.create('contact', { customer: made.id, person_name: '李四' });
  assert.deepEqual(child.customer, { id: made.id, title: made.name });
  assert.deepEqual(ok(await sales1.get(`/api/v1/records/contact/${child.id}`)), child);
  const again = await sales1.update('contact', child, { customer: child.customer, position: '经理' });
  assert.equal(again.position, '经理');
});

test('an update that changes nothing keeps the version', async () => {
  const made = await sales1.create('customer', company({ grade: 'b' }));
  const same = await sales1.update('customer', made, { grade: 'b', mobile: made.mobile });
  assert.equal(same._version, made._version);
  assert.equal(same.updated_at, made.updated_at);
  assert.equal(ok(await sales1.get(`/api/v1/records/customer/${made.id}/history`)).items.length, 1);
});

test('every wrong field is named at once, with a code and a sentence', async () => {
  const a = await sales1.post('/api/v1/records/customer', {
    customer_type: 'company', mobile: '1234', mail: 'nobody', resident_id: '330106199001011234', uscc: 'X', bank_card: '1234567890123456',
    birth_date: '2990-01-01', grade: 'z', employees: -1, annual_amount: 'much', region: '999999', no_such: 1, created_at: '2020-01-01T00:00:00Z', website: 'a b',
  });
  const p = problem(a, 422, 'invalid_fields');
  const by = new Map(p.errors.map((e) => [e.field, e]));
  for (const f of ['mobile', 'mail', 'resident_id', 'uscc', 'bank_card', 'birth_date', 'grade', 'employees', 'annual_amount', 'region', 'no_such', 'created_at', 'website']) {
    assert.ok(by.has(f), `${f} is not named`);
    assert.match(by.get(f).message, /^[A-Z].{3,}/, f);
    assert.ok(!/customer'?s value/i.test(by.get(f).message));
  }
  assert.ok(!a.text.includes('330106199001011234'), 'a value stands in an error');
  problem(await sales1.post('/api/v1/records/customer', { customer_type: 'company' }), 422, 'invalid_fields', 'name');
  problem(await sales1.post('/api/v1/records/customer', { customer_type: 'person', name: 'x' }), 422, 'invalid_fields', 'person_name');
});

test('If-Match is needed; a stale one is answered with the record as it stands', async () => {
  const made = await sales1.create('customer', company());
  const path = `/api/v1/records/customer/${made.id}`;
  problem(await sales1.patch(path, { grade: 'a' }), 428, 'if_match_required');
  problem(await sales1.delete(path), 428, 'if_match_required');
  problem(await sales1.patch(path, { grade: 'a' }, 'x'), 400, 'invalid');
  const now = await sales1.update('customer', made, { grade: 'a' });
  const stale = problem(await sales1.patch(path, { grade: 'b' }, made._version), 409, 'version_conflict');
  assert.deepEqual(stale.current, now);
  assert.equal((await sales1.read('customer', made.id)).grade, 'a');
});

test('of many writers with one version exactly one wins', async () => {
  const made = await sales1.create('customer', company());
  const path = `/api/v1/records/customer/${made.id}`;
  const all = await Promise.all([...'abcdabcd'].map((g) => sales1.patch(path, { grade: g, employees: Math.floor(Math.random() * 1e6) }, 1)));
  assert.equal(all.filter((a) => a.status === 200).length, 1);
  for (const a of all.filter((x) => x.status !== 200)) problem(a, 409, 'version_conflict');
});

test('versions count only what the viewer may see', async () => {
  const made = await sales1.create('customer', company({ mobile: '13800138000', credit_limit: '1.00' }));
  const forService = await service.read('customer', made.id);
  assert.equal(forService.resident_id, undefined, 'sensitive fields are hidden from service');
  await sales1.update('customer', made, { resident_id: residentId(4711) });
  const after = await service.read('customer', made.id);
  assert.equal(after._version, forService._version);
  assert.equal(after.updated_at, forService.updated_at);
  assert.deepEqual(after, forService);
  assert.deepEqual(ok(await service.get(`/api/v1/records/customer/${made.id}/history`)).items.map((i) => i.act), ['create']);
  const seen = await sales1.read('customer', made.id);
  assert.equal(seen._version, 2);
  await sales1.update('customer', seen, { mobile: '13899998000' }); // the same mask
  assert.equal((await service.read('customer', made.id)).mobile === forService.mobile, (await service.read('customer', made.id))._version === forService._version);
  await sales1.update('customer', await sales1.read('customer', made.id), { grade: 'a' });
  assert.equal((await service.read('customer', made.id))._version, forService._version + 1);
});

test('an idempotency key does the act once; another body is refused', async () => {
  const key = randomUUID();
  const body = company();
  const headers = { 'idempotency-key': key };
  const first = await sales1.post('/api/v1/records/customer', body, { headers });
  const made = ok(first, 201);
  assert.equal(first.headers['idempotent-replayed'], undefined);
  const again = await sales1.post('/api/v1/records/customer', body, { headers });
  assert.deepEqual(ok(again, 201), made);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  problem(await sales1.post('/api/v1/records/customer', company(), { headers }), 422, 'idempotency_mismatch');
  await sales2.post('/api/v1/records/customer', company(), { headers }).then((a) => ok(a, 201)); // another person's key is another key
  assert.equal((await sales1.query('customer', { where: { field: 'mobile', op: 'eq', value: body.mobile } })).items.length, 1);
});

test('the same key sent many times at once still does the act once', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = company();
  const all = await Promise.all(Array.from({ length: 8 }, () => sales1.post('/api/v1/records/customer', body, { headers })));
  const ids = new Set(all.map((a) => ok(a, 201).id));
  assert.equal(ids.size, 1);
  const made = all[0].json;
  const patchKey = { headers: { 'idempotency-key': randomUUID() } };
  const patches = await Promise.all(Array.from({ length: 8 }, () => sales1.patch(`/api/v1/records/customer/${made.id}`, { grade: 'd' }, 1, patchKey)));
  for (const p of patches) assert.equal(ok(p)._version, 2);
  const gone = { headers: { 'idempotency-key': randomUUID() } };
  const task = await sales1.create('task', { customer: made.id, title: '一次' });
  for (const d of await Promise.all(Array.from({ length: 6 }, () => sales1.delete(`/api/v1/records/task/${task.id}`, 1, gone)))) ok(d, 204);
});

test('a unique value within the scope is refused, beyond it accepted and queued', async () => {
  const made = await sales1.create('customer', company());
  problem(await sales1.post('/api/v1/records/customer', company({ mobile: made.mobile })), 409, 'unique', 'mobile');
  const beyond = await sales2.create('customer', company({ mobile: made.mobile })); // sales2 must not learn that it exists
  assert.equal(beyond.mobile, made.mobile);
  problem(await manager.post('/api/v1/records/customer', company({ mobile: made.mobile })), 409, 'unique', 'mobile');
  const other = await sales1.create('customer', company());
  problem(await sales1.patch(`/api/v1/records/customer/${other.id}`, { mobile: made.mobile }, 1), 409, 'unique', 'mobile');
  await leader.remove('customer', await leader.read('customer', other.id));
});

test('a record in the recycle bin keeps its unique values', async () => {
  const made = await leader.create('customer', company());
  await leader.remove('customer', made);
  problem(await leader.post('/api/v1/records/customer', company({ mobile: made.mobile })), 409, 'unique', 'mobile');
});

test('what belongs to a customer is sealed under the customer and refers to one that its maker knows', async () => {
  const made = await sales1.create('customer', company());
  const order = await sales1.create('order', { customer: made.id, number: `O-${made.id.slice(-12)}`, amount: '10.50', status: 'placed', ordered_at: '2026-05-01T00:00:00Z', receiver: '王五', receiver_mobile: mobile(), remark: '送货上门' });
  assert.equal(order.amount, '10.50');
  assert.equal(order.remark, '送货上门');
  const ticket = await service.create('ticket', { customer: made.id, title: '无法开机', description: '屏幕不亮' });
  assert.equal(ticket.title, '无法开机');
  assert.equal(ticket.status, 'open');
  problem(await sales2.post('/api/v1/records/contact', { customer: made.id, person_name: '赵六' }), 422, 'reference_missing', 'customer');
  problem(await sales1.post('/api/v1/records/contact', { customer: randomUUID(), person_name: '赵六' }), 422, 'reference_missing', 'customer');
  problem(await sales1.post('/api/v1/records/contact', { customer: 'x', person_name: '赵六' }), 422, 'invalid_fields', 'customer');
  const second = await sales1.create('customer', company());
  problem(await sales1.patch(`/api/v1/records/order/${order.id}`, { customer: second.id }, 1), 422, 'read_only', 'customer');
});

test('deleting puts a record and what cascades into the recycle bin; restoring brings it back', async () => {
  const made = await leader.create('customer', company());
  const contact = await leader.create('contact', { customer: made.id, person_name: '联系人' });
  await leader.remove('customer', made);
  problem(await leader.patch(`/api/v1/records/customer/${made.id}`, { grade: 'a' }, 2), 404, 'not_found');
  assert.ok(!(await leader.query('customer', { limit: 200 })).items.some((i) => i.id === made.id));
  assert.ok(!(await leader.query('contact', { limit: 200 })).items.some((i) => i.id === contact.id));
  assert.ok((await leader.query('customer', { deleted: true, limit: 200 })).items.some((i) => i.id === made.id));
  const bin = ok(await leader.get('/api/v1/records/contact?deleted=true&limit=200'));
  assert.ok(bin.items.some((i) => i.id === contact.id));
  const back = ok(await leader.post(`/api/v1/records/customer/${made.id}/restore`));
  assert.equal(back.name, made.name);
  assert.ok((await leader.query('customer', { limit: 200 })).items.some((i) => i.id === made.id));
  ok(await leader.post(`/api/v1/records/contact/${contact.id}/restore`));
  problem(await leader.post(`/api/v1/records/contact/${contact.id}/restore`), 404, 'not_found');
  const acts = ok(await leader.get(`/api/v1/records/customer/${made.id}/history`)).items.map((i) => i.act);
  assert.deepEqual(acts, ['restore', 'delete', 'create']);
});

test('a record that others refer to with restrict is not deleted', async () => {
  const made = await leader.create('customer', company());
  await leader.create('follow_up', { customer: made.id, kind: 'call', at: '2026-05-01T00:00:00Z', content: '谈了价格' });
  problem(await leader.delete(`/api/v1/records/customer/${made.id}`, 1), 409, 'reference_restrict');
  problem(await sales1.delete(`/api/v1/records/customer/${(await sales1.create('customer', company())).id}`, 1), 403, 'denied');
});

test('history tells each change with both values as the viewer may see them', async () => {
  const made = await sales1.create('customer', company({ grade: 'b', mobile: '13811112222', resident_id: residentId(1) }));
  const second = await sales1.update('customer', made, { grade: 'a', mobile: '13833334444' });
  await sales1.update('customer', second, { resident_id: residentId(777) });
  const h = ok(await sales1.get(`/api/v1/records/customer/${made.id}/history`));
  assert.deepEqual(h.items.map((i) => i.act), ['update', 'create'], 'a change behind an equal mask is none');
  assert.deepEqual(h.items[0].actor, { id: 10, name: '王芳' });
  const [first] = h.items;
  assert.deepEqual(first.changes.find((c) => c.field === 'grade'), { field: 'grade', before: 'b', after: 'a' });
  assert.deepEqual(first.changes.find((c) => c.field === 'mobile'), { field: 'mobile', before: '+8613811112222', after: '+8613833334444' });
  assert.ok(!JSON.stringify(h).includes(residentId(777)));
  const s = ok(await service.get(`/api/v1/records/customer/${made.id}/history`));
  assert.deepEqual(s.items.map((i) => i.act), ['update', 'create']);
  assert.match(s.items[0].changes.find((c) => c.field === 'mobile').before, /^138\*+2222$/);
  const page = ok(await sales1.get(`/api/v1/records/customer/${made.id}/history?limit=1`));
  assert.equal(page.items.length, 1);
  const rest = ok(await sales1.get(`/api/v1/records/customer/${made.id}/history?limit=1&before=${page.next}`));
  assert.deepEqual(rest.items.map((i) => i.act), ['create']);
  assert.equal(rest.next, null);
});

test('the whole of a long history can be read page by page', async () => {
  let record = await sales1.create('customer', company({ employees: 0 }));
  for (let i = 1; i <= 230; i++) record = await sales1.update('customer', record, { employees: i });
  const seen = [];
  let before = 0;
  while (before !== null) {
    const page = ok(await sales1.get(`/api/v1/records/customer/${record.id}/history?limit=50&before=${before}`));
    seen.push(...page.items.map((i) => i.changes[0]?.after ?? 0));
    before = page.next;
  }
  assert.deepEqual(seen, Array.from({ length: 231 }, (_, i) => 230 - i));
});

test('the timeline gathers what happened with a customer, newest first, each once over pages', async () => {
  const made = await leader.create('customer', company());
  const wanted = [];
  for (let i = 0; i < 7; i++) {
    wanted.push((await leader.create('follow_up', { customer: made.id, kind: 'call', at: `2026-05-0${i + 1}T00:00:00Z`, content: `第${i}次` })).id);
    wanted.push((await leader.create('order', { customer: made.id, number: `T${made.id.slice(-8)}${i}`, amount: '1', status: 'placed', ordered_at: '2026-05-01T00:00:00Z' })).id);
  }
  const all = ok(await leader.get(`/api/v1/records/customer/${made.id}/timeline?limit=100`));
  assert.deepEqual(all.items.map((i) => i.id), [...wanted].reverse());
  assert.equal(all.next, null);
  assert.ok(all.items.every((i) => i.title && i.at && i.record.id === i.id && i.record.owner.name));
  const titled = async (language) => ok(await leader.get(`/api/v1/records/customer/${made.id}/timeline?kinds=follow_up&limit=1`, { headers: { 'accept-language': language } })).items[0].title;
  assert.deepEqual([await titled('zh-CN'), await titled('en')], ['电话', 'Call'], 'a choice by its label');
  const seen = [];
  let before = '';
  for (let pages = 0; before !== null && pages < 30; pages++) {
    const page = ok(await leader.get(`/api/v1/records/customer/${made.id}/timeline?limit=3${before && `&before=${encodeURIComponent(before)}`}`));
    seen.push(...page.items.map((i) => i.id));
    before = page.next;
  }
  assert.deepEqual(seen, [...wanted].reverse());
  const orders = ok(await leader.get(`/api/v1/records/customer/${made.id}/timeline?kinds=order`));
  assert.ok(orders.items.length === 7 && orders.items.every((i) => i.object === 'order'));
  assert.deepEqual(new Set(ok(await finance.get(`/api/v1/records/customer/${made.id}/timeline?limit=100`)).items.map((i) => i.object)), new Set(['order']));
});

test('a reveal needs a reason and says what it cost; the refused one is told why', async () => {
  const made = await sales1.create('customer', company({ mobile: '13866668888', resident_id: residentId(99) }));
  const path = `/api/v1/records/customer/${made.id}/reveal`;
  const masked = await service.read('customer', made.id);
  assert.equal(masked.mobile, '138****8888');
  problem(await service.post(path, { fields: ['mobile'], reason: '' }), 422, 'reason_required', 'reason');
  problem(await service.post(path, { fields: ['mobile'], reason: 'x'.repeat(501) }), 422, 'reason_required', 'reason');
  problem(await service.post(path, { fields: [], reason: '客户来电核实' }), 422, 'required', 'fields');
  problem(await service.post(path, { fields: ['resident_id'], reason: '客户来电核实' }), 422, 'unknown_field');
  problem(await service.post(path, { fields: [7], reason: '客户来电核实' }), 422, 'unknown_field');
  const used = (await service.get('/api/v1/me')).json.budgets.clear.personal.day.used;
  const open = ok(await service.post(path, { fields: ['mobile'], reason: '客户来电核实' }));
  assert.deepEqual(open.values, { mobile: '+8613866668888' });
  assert.ok(open.audit > 0);
  assert.equal(open.budget.clear.personal.day.used, used + 1);
  assert.equal(ok(await sales1.post(path, { fields: ['resident_id'], reason: '签约核对证件' })).values.resident_id, residentId(99));
  assert.equal(ok(await finance.post(path, { fields: ['name'], reason: '核对开票信息' })).values.name, made.name);
  problem(await finance.post(path, { fields: ['mobile'], reason: '核对开票信息' }), 422, 'unknown_field');
  problem(await (await server.as('marketing')).post(path, { fields: ['mobile'], reason: '核对开票信息' }), 403, 'reveal_denied', 'mobile');
});

test('a used-up budget refuses, and what was seen today stays seen', async () => {
  const s2 = await server.as('service2');
  const customers = [];
  for (let i = 0; i < 4; i++) customers.push(await sales1.create('customer', company()));
  const reveal = (c) => s2.post(`/api/v1/records/customer/${c.id}/reveal`, { fields: ['mobile'], reason: '客户来电核实' });
  for (const c of customers.slice(0, 3)) ok(await reveal(c));
  const p = problem(await reveal(customers[3]), 429, 'budget_exhausted');
  assert.ok(p.title.length > 10);
  ok(await reveal(customers[0])); // the same person again costs nothing
  ok(await s2.get(`/api/v1/records/customer/${customers[3].id}`)); // masked is another budget
});

test('records of others are unknown: the answer is that of an id that never was', async () => {
  const made = await sales1.create('customer', company());
  for (const [method, rest, body] of [['GET', ''], ['GET', '/history'], ['GET', '/timeline'], ['POST', '/restore'], ['POST', '/reveal', { fields: ['mobile'], reason: '客户来电核实' }], ['PATCH', '', { grade: 'a' }], ['DELETE', '']]) {
    const answers = [];
    for (const id of [made.id, randomUUID()]) {
      const a = await sales2.request(method, `/api/v1/records/customer/${id}${rest}`, { body, headers: { 'if-match': '"1"' } });
      assert.equal(a.status, 404, `${method} ${rest}: ${a.text}`);
      const { request_id, ...p } = a.json;
      answers.push(p);
    }
    assert.deepEqual(answers[0], answers[1]);
  }
});

test('a transfer is a manager’s act and moves the record into the new owner’s department', async () => {
  const made = await sales1.create('customer', company());
  problem(await sales1.patch(`/api/v1/records/customer/${made.id}`, { owner: 11 }, 1), 403, 'denied');
  const seen = await manager.read('customer', made.id);
  const moved = ok(await manager.patch(`/api/v1/records/customer/${made.id}`, { owner: 11 }, seen._version));
  assert.equal(moved.owner.id, 11);
  problem(await sales1.get(`/api/v1/records/customer/${made.id}`), 404, 'not_found');
  ok(await sales2.get(`/api/v1/records/customer/${made.id}`));
  const back = await sales2.update('customer', await sales2.read('customer', made.id), { grade: 'c' });
  assert.equal(back.grade, 'c');
  assert.equal(back.mobile, made.mobile);
  problem(await manager.patch(`/api/v1/records/customer/${made.id}`, { owner: 999 }, back._version), 422, 'reference_missing', 'owner');
});

test('a masked value is overwritten only by a whole new value, never by its mask', async () => {
  const made = await sales1.create('customer', company({ resident_id: residentId(5) }));
  problem(await sales1.patch(`/api/v1/records/customer/${made.id}`, { resident_id: made.resident_id }, 1), 422, 'invalid_fields', 'resident_id');
  const next = await sales1.update('customer', made, { resident_id: residentId(6) });
  assert.deepEqual(next, made, 'behind an equal mask nothing has changed for him');
  const open = { fields: ['resident_id'], reason: '核对证件号码' };
  assert.equal(ok(await sales1.post(`/api/v1/records/customer/${made.id}/reveal`, open)).values.resident_id, residentId(6));
  const shown = await steward.read('customer', made.id);
  assert.match(shown.mobile, /\*/);
});

test('the boss sees all in clear, and what he opens is in the answer of one request', async () => {
  const made = await sales1.create('customer', person({ person_name: '司马光' }));
  const seen = await boss.read('customer', made.id);
  assert.equal(seen.person_name, '司马光');
  assert.equal(seen.mobile, made.mobile);
});

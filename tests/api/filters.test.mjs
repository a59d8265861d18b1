import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { residentId } from './people.mjs';
import { Server } from './server.mjs';

// 60 customers of sales1 with every kind of value, a few of sales2.
let server, sales1, sales2, service, marketing, head;
const rows = [];
const day = (n) => new Date(Date.now() + 8 * 3600e3 + n * 86400e3).toISOString().slice(0, 10); // China's calendar
before(async () => {
  server = await new Server().start();
  [sales1, sales2, service, marketing, head] = await Promise.all(['sales1', 'sales2', 'service1', 'marketing', 'head'].map((l) => server.as(l)));
  for (let i = 0; i < 60; i++) {
    rows.push(await sales1.create('customer', {
      customer_type: i % 3 === 0 ? 'person' : 'company', name: i % 3 === 0 ? null : `甲乙${String(i).padStart(2, '0')}公司`,
      person_name: i % 2 || i % 3 === 0 ? `王${'一二三四五六七八九十'[i % 10]}` : null, mobile: `1390000${String(1000 + i)}`,
      grade: i % 5 === 4 ? null : 'abcd'[i % 5], status: ['prospective', 'active', 'inactive', 'churned'][i % 4],
      annual_amount: `${i * 10}.50`, employees: i, last_contact_at: `${day(i - 30)}T04:00:00Z`, tags: i % 2 ? ['奇数', `t${i % 7}`] : ['偶数'],
      address: `杭州市西湖区文三路${i}号`, remark: 'x', resident_id: i < 2 ? residentId(i + 50) : null,
    }));
  }
  for (let i = 0; i < 3; i++) await sales2.create('customer', { customer_type: 'company', name: `丙丁${i}公司`, mobile: `1370000${1000 + i}` });
});
after(() => server.stop());

const find = async (who, where, more = {}) => (await who.query('customer', { where, limit: 200, fields: ['employees'], sort: ['employees'], ...more })).items.map((i) => i.employees);
const want = (f) => rows.map((_, i) => i).filter(f);

test('each operator on unsealed fields finds exactly what it says, in the body and in the URL', async () => {
  const cases = [
    [{ field: 'grade', op: 'eq', value: 'a' }, (i) => i % 5 === 0],
    [{ field: 'grade', op: 'ne', value: 'a' }, (i) => i % 5 !== 0 && i % 5 !== 4],
    [{ field: 'employees', op: 'lt', value: 10 }, (i) => i < 10],
    [{ field: 'employees', op: 'le', value: 10 }, (i) => i <= 10],
    [{ field: 'employees', op: 'gt', value: 50 }, (i) => i > 50],
    [{ field: 'employees', op: 'ge', value: 50 }, (i) => i >= 50],
    [{ field: 'employees', op: 'in', value: [3, 5, 7, 999] }, (i) => [3, 5, 7].includes(i)],
    [{ field: 'employees', op: 'in', value: [] }, () => false],
    [{ field: 'employees', op: 'between', value: [10, 20] }, (i) => i >= 10 && i <= 20],
    [{ field: 'annual_amount', op: 'ge', value: '500.50' }, (i) => i >= 50],
    [{ field: 'grade', op: 'is_null' }, (i) => i % 5 === 4],
    [{ field: 'grade', op: 'not_null' }, (i) => i % 5 !== 4],
    [{ field: 'name', op: 'contains', value: '甲乙07' }, (i) => i === 7],
    [{ field: 'name', op: 'starts_with', value: '甲乙1' }, (i) => i >= 10 && i < 20 && i % 3 !== 0],
    [{ field: 'tags', op: 'has', value: 't3' }, (i) => i % 2 === 1 && i % 7 === 3],
    [{ field: 'owner', op: 'eq', value: 'me' }, () => true],
    [{ field: 'owner', op: 'eq', value: 11 }, () => false],
    [{ and: [{ field: 'grade', op: 'eq', value: 'a' }, { field: 'employees', op: 'lt', value: 20 }] }, (i) => i % 5 === 0 && i < 20],
    [{ or: [{ field: 'employees', op: 'eq', value: 1 }, { field: 'employees', op: 'eq', value: 2 }] }, (i) => i === 1 || i === 2],
    [{ not: { field: 'employees', op: 'lt', value: 55 } }, (i) => i >= 55],
    [{ and: [] }, () => true],
    [{ or: [] }, () => false],
  ];
  for (const [where, f] of cases) {
    assert.deepEqual(await find(sales1, where), want(f), JSON.stringify(where));
    const url = `/api/v1/records/customer?limit=200&fields=employees&sort=employees&filter=${encodeURIComponent(JSON.stringify(where))}`;
    assert.deepEqual(ok(await sales1.get(url)).items.map((i) => i.employees), want(f), `URL ${JSON.stringify(where)}`);
  }
});

test('relative dates are China’s days', async () => {
  const at = (i) => i - 30; // days from today, at noon in China
  const weekday = (new Date(`${day(0)}T12:00:00Z`).getUTCDay() + 6) % 7;
  const cases = {
    today: (i) => at(i) === 0,
    last_7_days: null, next_7_days: null, last_30_days: null, this_year: null, last_month: null, this_quarter: null,
    this_week: (i) => at(i) >= -weekday && at(i) < 7 - weekday,
    this_month: (i) => day(at(i)).slice(0, 7) === day(0).slice(0, 7),
  };
  for (const [relative, f] of Object.entries(cases)) {
    const got = await find(sales1, { field: 'last_contact_at', op: 'eq', value: { relative } });
    if (f) assert.deepEqual(got, want(f), relative);
    else if (relative !== 'last_month' && relative !== 'this_quarter') assert.ok(got.length > 0, relative);
  }
  problem(await sales1.post('/api/v1/records/customer/query', { where: { field: 'last_contact_at', op: 'eq', value: { relative: 'someday' } } }), 422, 'bad_filter');
  problem(await sales1.post('/api/v1/records/customer/query', { where: { field: 'grade', op: 'eq', value: { relative: 'today' } } }), 422, 'bad_filter');
});

test('a sealed field is filtered in a body, never in a URL', async () => {
  const eq = { field: 'mobile', op: 'eq', value: '13900001007' };
  assert.deepEqual(await find(sales1, eq), [7]);
  assert.deepEqual(await find(sales1, { field: 'mobile', op: 'eq', value: '+86 139-0000-1007' }), [7]);
  assert.deepEqual(await find(sales1, { field: 'mobile', op: 'ends_with', value: '1007' }), [7]);
  assert.deepEqual(await find(sales1, { field: 'person_name', op: 'contains', value: '王三' }), want((i) => (i % 2 === 1 || i % 3 === 0) && i % 10 === 2));
  assert.deepEqual(await find(sales1, { and: [eq, { field: 'employees', op: 'lt', value: 7 }] }), []);
  for (const f of [eq, { and: [eq] }, { not: eq }, { field: 'person_name', op: 'contains', value: '王' }]) {
    const a = await sales1.get(`/api/v1/records/customer?filter=${encodeURIComponent(JSON.stringify(f))}`);
    problem(a, 400, 'sealed_filter_in_url');
    assert.ok(!a.text.includes('13900001007'));
  }
  for (const op of ['lt', 'gt', 'ne', 'in', 'between', 'is_null', 'starts_with'])
    problem(await sales1.post('/api/v1/records/customer/query', { where: { field: 'mobile', op, value: '13900001007' } }), 422, 'not_filterable');
  for (const field of ['remark', 'birth_date', 'gender'])
    problem(await sales1.post('/api/v1/records/customer/query', { where: { field, op: 'eq', value: 'x' } }), 422, 'not_filterable');
  for (const f of ['mobile', 'person_name', 'remark', 'resident_id', 'birth_date']) {
    problem(await sales1.get(`/api/v1/records/customer?sort=${f}`), 422, 'not_filterable', f);
    problem(await sales1.get(`/api/v1/records/customer/groups?by=${f}`), 422, 'not_filterable', f);
  }
});

test('a masked field is matched by the whole value or what its mask shows, by nothing else, and each costs a look-up', async () => {
  const before = (await service.get('/api/v1/me')).json.budgets.lookups.day.used;
  assert.equal((await service.query('customer', { where: { field: 'mobile', op: 'eq', value: '13900001007' } })).items.length, 1);
  assert.equal((await service.query('customer', { where: { field: 'mobile', op: 'ends_with', value: '1007' } })).items.length, 1);
  assert.ok((await service.get('/api/v1/me')).json.budgets.lookups.day.used >= before + 2);
  problem(await service.post('/api/v1/records/customer/query', { where: { field: 'mobile', op: 'ends_with', value: '001007' } }), 422, 'not_filterable');
  problem(await service.post('/api/v1/records/customer/query', { where: { field: 'person_name', op: 'contains', value: '王三' } }), 422, 'not_filterable');
  problem(await service.post('/api/v1/records/customer/query', { where: { field: 'resident_id', op: 'eq', value: residentId(50) } }), 422, 'unknown_field');
  problem(await marketing.post('/api/v1/records/customer/query', { where: { field: 'mobile', op: 'eq', value: '13900001007' } }), 422, 'not_filterable');
});

test('an unknown field and a hidden one answer alike in filter, sort, group and choice of fields', async () => {
  for (const make of [
    (f) => service.post('/api/v1/records/customer/query', { where: { field: f, op: 'eq', value: 'x' } }),
    (f) => service.get(`/api/v1/records/customer?filter=${encodeURIComponent(JSON.stringify({ field: f, op: 'eq', value: 'x' }))}`),
    (f) => service.get(`/api/v1/records/customer?sort=${f}`),
    (f) => service.get(`/api/v1/records/customer?fields=${f}`),
    (f) => service.get(`/api/v1/records/customer/groups?by=${f}`),
    (f) => service.post('/api/v1/records/customer/query', { group_by: f }),
    (f) => service.post('/api/v1/records/ticket', { customer: rows[0].id, title: 'x', [f]: 'x' }),
  ]) {
    const answers = [];
    for (const field of ['resident_id', 'residentXid']) {
      const a = await make(field);
      assert.ok(a.status >= 400, a.text);
      answers.push(`${a.status} ${a.text.replaceAll(field, 'FIELD').replace(/"request_id":"[^"]*"/, '')}`);
    }
    assert.equal(answers[0], answers[1]);
  }
});

test('broken, deep and huge trees are refused cleanly', async () => {
  const post = (where) => sales1.post('/api/v1/records/customer/query', { where });
  for (const bad of [1, 'x', [], { field: 'grade' }, { op: 'eq' }, { field: 'grade', op: 'eq' }, { field: 7, op: 'eq', value: 1 },
    { and: {} }, { not: [] }, { field: 'employees', op: 'in', value: 5 }, { field: 'employees', op: 'between', value: [1] }, { field: 'grade', op: 'eq', value: { x: 1 } },
    { field: 'grade', op: 'eq', value: ['a'] }, {}])
    problem(await post(bad), 422, 'bad_filter');
  problem(await post({ field: 'employees', op: 'eq', value: 'many' }), 422, 'type', 'employees');
  problem(await post({ field: 'grade', op: 'like', value: 'a' }), 422, 'not_filterable', 'grade');
  problem(await post({ field: 'no_such', op: 'eq', value: 1 }), 422, 'unknown_field');
  let deep = { field: 'grade', op: 'eq', value: 'a' };
  for (let i = 0; i < 100; i++) deep = i % 2 ? { and: [deep] } : { not: deep };
  problem(await post(deep), 422, 'bad_filter');
  problem(await post({ or: Array.from({ length: 500 }, (_, i) => ({ field: 'employees', op: 'eq', value: i })) }), 422, 'bad_filter');
  problem(await post({ field: 'employees', op: 'in', value: Array.from({ length: 501 }, (_, i) => i) }), 422, 'bad_filter');
  assert.equal((await find(sales1, { field: 'employees', op: 'in', value: Array.from({ length: 500 }, (_, i) => i) })).length, 60);
  problem(await sales1.get('/api/v1/records/customer?filter=%7B'), 422, 'bad_filter');
});

test('page numbers and cursors visit the same rows, each once, in the same order, whatever the sort', async () => {
  for (const sort of [['employees'], ['-employees'], ['grade', '-employees'], ['-status', 'grade'], ['name'], ['-name', 'status'], ['created_at'], ['-annual_amount'], ['owner', '-grade']]) {
    const whole = (await sales1.query('customer', { sort, limit: 200, fields: ['employees'] })).items.map((i) => i.id);
    assert.equal(new Set(whole).size, 60);
    const paged = [];
    for (let page = 1; paged.length < 60; page++) {
      const p = await sales1.query('customer', { sort, limit: 7, page, fields: ['employees'] });
      assert.equal(p.page, page);
      paged.push(...p.items.map((i) => i.id));
    }
    const walked = [];
    for (let cursor = null, first = true; first || cursor; first = false) {
      const p = await sales1.query('customer', { sort, limit: 7, cursor, fields: ['name'] });
      walked.push(...p.items.map((i) => i.id));
      cursor = p.next_cursor;
    }
    assert.deepEqual(paged, whole, `pages ${sort}`);
    assert.deepEqual(walked, whole, `cursors ${sort}`);
  }
  const first = ok(await sales1.get('/api/v1/records/customer?limit=50'));
  const second = ok(await sales1.get(`/api/v1/records/customer?limit=50&cursor=${encodeURIComponent(first.next_cursor)}`));
  assert.equal(second.items.length, 10);
  assert.equal(second.next_cursor, null);
});

test('too deep a page, a bad cursor and bad numbers are refused in words', async () => {
  problem(await sales1.get('/api/v1/records/customer?limit=100&page=102'), 422, 'page_too_deep');
  ok(await sales1.get('/api/v1/records/customer?limit=100&page=100'));
  const { next_cursor: cursor } = ok(await sales1.get('/api/v1/records/customer?limit=5&sort=name'));
  for (const c of ['x', 'AAAA', '%FF', 'A'.repeat(5000)]) problem(await sales1.get(`/api/v1/records/customer?sort=name&cursor=${c}`), 422, 'bad_cursor');
  problem(await sales1.get(`/api/v1/records/customer?sort=employees,grade&cursor=${encodeURIComponent(cursor)}`), 422, 'bad_cursor');
  for (const q of ['limit=0', 'limit=201', 'limit=x', 'page=0', 'page=-1', 'limit=1e3', 'limit=99999999999999999999'])
    problem(await sales1.get(`/api/v1/records/customer?${q}`), 400, 'invalid');
  for (const q of [{ limit: 201 }, { limit: -1 }, { page: 1e12 }, { limit: '5' }]) problem(await sales1.post('/api/v1/records/customer/query', q), 400, 'invalid');
});

test('counts and groups agree with what the list shows, within the caller’s scope', async () => {
  for (const [who, n] of [[sales1, 60], [sales2, 3], [head, 63]]) {
    const p = await who.query('customer', { count: true, limit: 1 });
    assert.deepEqual(p.count, { value: n, at_least: false });
    const groups = ok(await who.get('/api/v1/records/customer/groups?by=status')).items;
    assert.equal(groups.reduce((s, g) => s + g.count, 0), n);
  }
  const by = ok(await sales1.post('/api/v1/records/customer/query', { group_by: 'grade', where: { field: 'employees', op: 'lt', value: 20 } })).items;
  assert.deepEqual(Object.fromEntries(by.map((g) => [g.value, g.count])), { a: 4, b: 4, c: 4, d: 4, null: 4 });
  const sealed = await sales1.query('customer', { where: { field: 'mobile', op: 'eq', value: '13900001007' }, count: true });
  assert.equal(sealed.count.value, 1);
});

test('the answer holds just the fields that were asked for', async () => {
  const { items } = ok(await sales1.get('/api/v1/records/customer?fields=name,mobile&limit=2'));
  assert.deepEqual(Object.keys(items[0]).filter((k) => k[0] !== '_').sort(), ['id', 'mobile', 'name']);
});

test('a list with a filter on a child’s fields finds the parents', async () => {
  await sales1.create('order', { customer: rows[8].id, number: 'C-1', amount: '99.00', status: 'paid', ordered_at: '2026-01-01T00:00:00Z' });
  assert.deepEqual(await find(sales1, { child: 'order', where: { field: 'amount', op: 'ge', value: '99.00' } }), [8]);
  assert.deepEqual(await find(sales1, { child: 'order', where: { field: 'amount', op: 'gt', value: '99.00' } }), []);
  for (const where of [{ child: 'no_such' }, { child: 'product' }, { child: 'order', where: { child: 'order_line' } }, { child: 7 }])
    problem(await sales1.post('/api/v1/records/customer/query', { where }), 422, 'bad_filter');
  assert.deepEqual(await find(service, { child: 'ticket' }), []);
  problem(await sales2.post('/api/v1/records/customer/query', { where: { child: 'order', where: { field: 'remark', op: 'eq', value: 'x' } } }), 422, 'not_filterable');
});

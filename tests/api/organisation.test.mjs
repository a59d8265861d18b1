// Dated posts, moves of departments with their preview, import of people, partners: as an API.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
const octets = { headers: { 'content-type': 'application/octet-stream' } };
let server, sys, sec, sales, other;
before(async () => {
  server = await new Server().start();
  [sys, sec, sales, other] = await Promise.all(['sysadmin', 'secadmin', 'sales1', 'sales3'].map((l) => server.as(l)));
});
after(() => server.stop());

const person = async (login) => ok(await sys.get(`${api}/people?q=${login}`)).items[0];
const names = async (who) => ok(await who.get(`${api}/records/customer?limit=200`)).items.map((r) => r.id);

test('a post in another department opens its records while it holds, and the preview says so before', async () => {
  const made = await sales.create('customer', company());
  const manager = await person('manager'), me = manager.id;
  const there = (await person('sales3')).department, own = manager.department;
  const theirs = await other.create('customer', company());
  const boss = await server.as('manager');
  assert.ok((await names(boss)).includes(made.id));
  assert.ok(!(await names(boss)).includes(theirs.id));
  const posts = [{ department: own, from: 1, until: null, main: true }, { department: there, position: '兼任经理', from: 1, until: null }];
  problem(await sales.post(`${api}/people/${me}/preview`, { posts }), 403, 'not_your_duty');
  const before = ok(await sys.post(`${api}/people/${me}/preview`, { posts, post_roles: { 2: ['sales_manager'] } }));
  assert.ok(before.complete);
  assert.ok(before.lines.some((l) => l.change === 'gains' && l.object === 'customer' && l.people.some((p) => p.id === me)), JSON.stringify(before.lines));
  ok(await sys.patch(`${api}/people/${me}`, { posts }));
  assert.ok(!(await names(boss)).includes(theirs.id));
  ok(await sec.patch(`${api}/people/${me}`, { post_roles: { 2: ['sales_manager'] } }));
  await until('the second post', async () => (await names(boss)).includes(theirs.id));
  assert.ok((await names(boss)).includes(made.id));
  ok(await sys.patch(`${api}/people/${me}`, { posts: [{ ...posts[0], id: 1 }] }));
  await until('its end', async () => !(await names(boss)).includes(theirs.id));
});

test('a department moves with its records at once, by two people, and shows its branch of today', async () => {
  const where = (await person('sales1')).department;
  const tree = ok(await sys.get(`${api}/directory`)).departments;
  const from = tree.find((d) => d.id === where), branches = tree.filter((d) => d.branch);
  const old = branches.find((b) => b.id === from.parent) ?? branches[0], to = branches.find((b) => b.id !== old.id);
  const mine = (await names(sales))[0];
  assert.equal(ok(await sales.get(`${api}/records/customer/${mine}`)).branch.id, old.id);
  const effect = ok(await sys.post(`${api}/departments/${where}/preview`, { parent: to.id }));
  assert.ok(effect.people >= 1 && effect.records.some((r) => r.object === 'customer'));
  problem(await sys.patch(`${api}/departments/${where}`, { parent: to.id }), 403, 'needs_second');
  const change = { items: [{ kind: 'department', id: where, document: { parent: to.id } }] };
  const asked = ok(await sys.post(`${api}/proposals`, { kind: 'registry', reason: '组织调整', change }), 201);
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true, note: '已核实' }));
  await until('the move', async () => ok(await sales.get(`${api}/records/customer/${mine}`)).branch.id === to.id);
  const found = ok(await sales.post(`${api}/records/customer/query`, { where: { field: 'branch', op: 'eq', value: to.id }, limit: 200 }));
  assert.ok(found.items.some((r) => r.id === mine));
  const none = ok(await sales.post(`${api}/records/customer/query`, { where: { field: 'branch', op: 'eq', value: old.id }, limit: 200 }));
  assert.ok(!none.items.some((r) => r.id === mine));
});

test('people are imported as previewed, as one act, without rights', async () => {
  const csv = '登录名,姓名,部门,职务,起始日期,角色\nimport1,导入一,导入部/一组,专员,2026-01-01,boss\nimport2,导入二,导入部,经理,2026-13-01,\nauditor,改名,,,,\n';
  problem(await sec.post(`${api}/people/import/preview`, csv, octets), 403, 'not_your_duty');
  const plan = ok(await sys.post(`${api}/people/import/preview`, csv, octets));
  assert.equal(plan.added, 2); // a path of departments and one person
  assert.deepEqual(plan.items.filter((i) => i.effect === 'refused').map((i) => i.reason), ['bad_date', 'duty_holder']);
  ok(await sys.post(`${api}/people`, { login: 'meanwhile', name: '其间' }), 201);
  problem(await sys.post(`${api}/people/import?version=${plan.version}`, csv, octets), 409, 'people_changed');
  ok(await sys.post(`${api}/people/import`, csv, octets));
  const one = await person('import1');
  assert.deepEqual(one.document.roles, []);
  assert.equal(one.document.posts[0].position, '专员');
  const again = ok(await sys.post(`${api}/people/import/preview`, csv, octets));
  assert.equal(again.added + again.changed, 0, JSON.stringify(again));
  problem(await sys.post(`${api}/people/import/preview`, 'a,b\n1,2\n', octets), 422, 'people_columns');
});

test('a login is what it looks like', async () => {
  for (const login of ['sales 9', 'sales9 ', 'sales9\u200b', 'ｓａｌｅｓ９', '\u202e9selas', 'sales9\u00a0', 'a'.repeat(64)])
    problem(await sys.post(`${api}/people`, { login, name: '新人' }), 422, login.length === 64 ? 'bad_document' : 'bad_login', 'login');
  ok(await sys.post(`${api}/people`, { login: '销售九', name: '新人' }), 201);
});

test('a sponsor renews his partner and confirms the training, and nobody else does', async () => {
  const sponsor = (await person('sales3')).id, day = 86400e3;
  problem(await sys.post(`${api}/people`, { login: 'partner1', name: '伙伴', kind: 'partner', sponsor }), 422, 'bad_document', 'until');
  const made = ok(await sys.post(`${api}/people`, { login: 'partner1', name: '伙伴', kind: 'partner', sponsor, until: Date.now() + 30 * day }), 201);
  assert.equal(ok(await other.get(`${api}/partners`)).items[0].id, made.id);
  const until_ = Date.now() + 90 * day;
  problem(await sales.patch(`${api}/people/${made.id}`, { until: until_ }), 403, 'not_your_duty');
  ok(await other.patch(`${api}/people/${made.id}`, { until: until_, trained_at: Date.now() - 1000 }));
  assert.equal(ok(await other.get(`${api}/partners`)).items[0].until, until_);
  problem(await other.patch(`${api}/people/${made.id}`, { name: '改名' }), 403, 'not_your_duty');
  assert.equal(ok(await sys.get(`${api}/people?state=partner`)).total, 1);
});

test('a partner is not shown who works at the company', async () => {
  const whom = await person('sales2'), sponsor = (await person('sales3')).id;
  ok(await sys.patch(`${api}/people/${whom.id}`, { kind: 'partner', sponsor, until: Date.now() + 86400e3 * 30 }));
  ok(await other.patch(`${api}/people/${whom.id}`, { trained_at: Date.now() - 1000 }));
  const shown = ok(await (await server.as('sales2')).get(`${api}/directory`)).users;
  const all = ok(await sales.get(`${api}/directory`)).users;
  assert.ok(shown.some((u) => u.id === whom.id) && shown.some((u) => u.id === sponsor));
  assert.ok(shown.every((u) => u.id === sponsor || u.department === whom.document.department), JSON.stringify(shown));
  assert.ok(shown.length < all.length);
});

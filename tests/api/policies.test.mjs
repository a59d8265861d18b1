// Policies are published as versions: who may, what needs two persons, that a publish takes effect without a request
// lost, and that every refusal names its place.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { problem } from './client.mjs';
import { root, Server, until } from './server.mjs';

let server, sec, other, folder;
before(async () => {
  // A second security administrator.
  folder = mkdtempSync(join(tmpdir(), 'kedun-policies-'));
  const company = readFileSync(join(root, 'tests/api/company.txt'), 'utf8');
  const line = company.split('\n').find((l) => l.includes('"secadmin"'));
  const second = line.replace(/^user \d+ /, 'user 92 ').replace(/"id":\d+/, '"id":92').replace('"secadmin"', '"secadmin2"').replace('安全管理员', '安全管理员乙');
  writeFileSync(join(folder, 'company.txt'), company.replace(line, `${line}\n${second}`));
  server = await new Server({ company: join(folder, 'company.txt') }).start();
  sec = await server.as('secadmin');
  other = await server.as('secadmin2');
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const current = async () => (await sec.get('/api/v1/policies/current')).json;
const inForce = async () => (await sec.get('/api/v1/policies')).json.in_force;
// One policy of the text in other words.
const replaced = (text, id, by) => {
  const from = text.indexOf(`@id("${id}")`);
  assert.ok(from >= 0, id);
  const to = text.indexOf(';', from) + 1;
  return text.slice(0, from) + by + text.slice(to);
};
const propose = async (who, text, note = '测试') => who.post('/api/v1/policies', { text, note, based_on: await inForce() });

test('only security administrators read and change policies', async () => {
  for (const login of ['sales1', 'sysadmin', 'auditor']) {
    const c = await server.as(login);
    problem(await c.get('/api/v1/policies'), 403, 'not_your_duty');
    problem(await c.get('/api/v1/policies/current'), 403, 'not_your_duty');
    problem(await c.get('/api/v1/policies/schema'), 403, 'not_your_duty');
    problem(await c.get('/api/v1/policies/1/diff'), 403, 'not_your_duty');
    problem(await c.post('/api/v1/policies/check', { text: 'permit(principal, action, resource);' }), 403, 'not_your_duty');
    problem(await c.post('/api/v1/policies', { text: 'permit(principal, action, resource);', note: 'x', based_on: 0 }), 403, 'not_your_duty');
    problem(await c.post('/api/v1/policies/1/approve', {}), 403, 'not_your_duty');
  }
});

test('a text that can’t hold is refused with its place and expression', async () => {
  const { text } = await current();
  const check = (more) => sec.post('/api/v1/policies/check', { text: `${text}\n${more}` });
  const lines = text.split('\n').length;
  const at = (a, code, pattern) => {
    const p = problem(a, 422, code);
    assert.match(p.detail, new RegExp(`^policies:${lines + 1}:\\d+: `), code);
    assert.match(p.detail, pattern);
  };
  at(await check('permit (principal, action, resource'), 'policy_syntax', /expected/);
  at(await check('@id("x") permit (principal, action == Action::"raed", resource);'), 'policy_unknown_action', /raed/);
  at(await check('@id("x") permit (principal, action, resource) when { resource.nothing == 1 };'), 'policy_unknown_attribute', /nothing/);
  at(await check('@id("x") permit (principal, action, resource) when { resource.annual_amount > resource.credit_limit };'), 'policy_not_reducible', /annual_amount/);
  at(await check('@id("x") permit (principal, action, resource is Customer) when { resource.mobile == "1" };'), 'policy_sealed_field', /mobile/);
  at(await check('@id("x") permit (principal, action == Action::"list", resource is Customer) when { resource in principal.branch };'), 'policy_not_valid', /policy x: .*`principal\.branch`/);
  problem(await check(text.match(/@id\("[^"]+"\)\s*permit[^;]*;/)[0]), 422, 'policy_twice');
  problem(await sec.post('/api/v1/policies/check', { text: 'permit (principal, action in Action::"look", resource);' }), 422, 'policy_locks_out');
});

test('the schema of what policies may speak of has the objects’ open fields and validates the policies in force', async () => {
  const { text, json } = (await sec.get('/api/v1/policies/schema')).json;
  const customer = json[''].entityTypes.Customer.shape.attributes;
  assert.equal(customer.owner.required ?? true, true);
  assert.equal(customer.status.required, false);
  assert.equal(customer.mobile, undefined, 'a sealed field is no attribute');
  assert.match(text, /entity Customer in \[Department\] = \{/);
  assert.match(text, /action "list" in \["look"\] appliesTo/);
});

test('one administrator publishes what narrows; it holds within a second', async () => {
  const { text } = await current();
  const before = await inForce();
  const sales = await server.as('sales1');
  assert.equal((await sales.get('/api/v1/records/customer')).status, 200);
  const narrower = replaced(text, 'sales-own-records', `@id("sales-own-records")
permit (principal in Role::"sales", action in [Action::"look", Action::"create", Action::"update"], resource)
when { resource.owner == principal && context.object != "customer" };`);
  const checked = (await sec.post('/api/v1/policies/check', { text: narrower })).json;
  assert.equal(checked.widens, false, JSON.stringify(checked.places));
  assert.deepEqual(checked.changes.map((c) => [c.id, c.change]), [['sales-own-records', 'changed']]);
  const made = await propose(sec, narrower, '销售不再看客户');
  assert.equal(made.status, 201);
  assert.equal(made.json.state, 'published');
  await until('the new version', async () => (await sales.get('/api/v1/records/customer')).status === 404, 5);
  const list = (await sec.get('/api/v1/policies')).json;
  assert.equal(list.in_force, made.json.number);
  const version = list.versions.find((v) => v.number === made.json.number);
  assert.equal(version.state, 'published');
  assert.equal(version.author.name, '安全管理员');
  assert.equal(version.note, '销售不再看客户');
  assert.equal(version.based_on ?? 0, before);
});

test('what widens waits for another security administrator; nobody approves his own', async () => {
  const { text } = await current();
  const sales = await server.as('sales1');
  const wider = text.replace(' && context.object != "customer"', '');
  const checked = (await sec.post('/api/v1/policies/check', { text: wider })).json;
  assert.equal(checked.widens, true);
  assert.ok(checked.places.some((p) => p.policy === 'sales-own-records' && p.act === 'list' && p.object === 'customer'));
  const made = await propose(sec, wider, '恢复');
  assert.equal(made.json.state, 'waiting');
  assert.equal((await sales.get('/api/v1/records/customer')).status, 404);
  problem(await sec.post(`/api/v1/policies/${made.json.number}/approve`, {}), 403, 'own_proposal');
  const diff = (await other.get(`/api/v1/policies/${made.json.number}/diff`)).json;
  assert.equal(diff.widens, true);
  assert.deepEqual(diff.changes.map((c) => c.id), ['sales-own-records']);
  assert.equal((await other.post(`/api/v1/policies/${made.json.number}/approve`, { note: '同意' })).json.state, 'published');
  await until('the approved version', async () => (await sales.get('/api/v1/records/customer')).status === 200, 5);
  problem(await other.post(`/api/v1/policies/${made.json.number}/approve`, {}), 409, 'policy_decided');
});

test('a forbid that goes or shrinks widens; a rejected proposal changes nothing', async () => {
  const { text } = await current();
  const without = replaced(text, 'operations-never-export', '');
  const made = await propose(sec, without);
  assert.equal(made.json.state, 'waiting');
  const before = await inForce();
  problem(await other.post(`/api/v1/policies/${made.json.number}/reject`, {}), 422, 'required');
  assert.equal((await other.post(`/api/v1/policies/${made.json.number}/reject`, { note: '不需要' })).json.state, 'rejected');
  assert.equal(await inForce(), before);
});

test('a proposal on an older version is not published over a newer one', async () => {
  const { text } = await current();
  const base = await inForce();
  const waiting = await propose(sec, `${text}\n@id("more") permit (principal in Role::"sales", action == Action::"export", resource) when { resource.owner == principal };`);
  assert.equal(waiting.json.state, 'waiting');
  const narrower = `${text}\n@id("less") forbid (principal in Role::"service", action == Action::"export", resource);`;
  assert.equal((await propose(other, narrower)).json.state, 'published');
  problem(await other.post(`/api/v1/policies/${waiting.json.number}/approve`, {}), 409, 'policy_moved');
  problem(await sec.post('/api/v1/policies', { text, note: 'x', based_on: base }), 409, 'policy_moved');
});

test('a roll back is a proposal of an old text', async () => {
  const list = (await sec.get('/api/v1/policies')).json;
  const old = list.versions.find((v) => v.number < list.in_force && v.state === 'published');
  const made = (await sec.post('/api/v1/policies', { version: old.number, note: '回退', based_on: list.in_force })).json;
  assert.equal(made.state, 'waiting', 'the forbid of the version in force would go');
  assert.equal((await other.post(`/api/v1/policies/${made.number}/approve`, {})).json.state, 'published');
  assert.equal((await current()).text, (await sec.get(`/api/v1/policies/${old.number}`)).json.text);
});

test('publishing drops no request and is in the log', async () => {
  const sales = await server.as('sales1');
  const { text } = await current();
  let going = true, asked = 0;
  const load = (async () => {
    while (going) {
      const a = await sales.get('/api/v1/records/customer?limit=5');
      assert.equal(a.status, 200);
      asked++;
    }
  })();
  let now = text;
  for (let i = 0; i < 5; i++) {
    now += `\n@id("none-${i}") forbid (principal in Role::"nobody-${i}", action == Action::"list", resource);`;
    assert.equal((await propose(sec, now)).json.state, 'published');
  }
  const start = asked;
  await until('requests after the last publish', () => asked > start + 20);
  going = false;
  await load;
  const auditor = await server.as('auditor');
  await until('the entries', async () => {
    const items = (await auditor.get('/api/v1/audit?act=policy&limit=100')).json.items;
    return items.some((i) => /^policy \d+ published$/.test(i.tag)) && items.some((i) => /^policy \d+ approve$/.test(i.tag)) && items.some((i) => /^policy \d+ reject$/.test(i.tag));
  });
  const refused = (await auditor.get('/api/v1/audit?act=refuse&limit=100')).json.items;
  assert.ok(refused.some((i) => i.tag.includes('own_proposal')));
});

test('versions outlive a restart', async () => {
  const before = (await sec.get('/api/v1/policies')).json;
  await server.restart();
  sec = await server.as('secadmin');
  assert.deepEqual((await sec.get('/api/v1/policies')).json, before);
});

// ---- the matrix, the effect, the reason ----

const matrix = async (role, more = {}) => (await sec.post('/api/v1/policies/matrix', { role, ...more })).json;
const cell = (m, object, act, field) => {
  const o = m.objects.find((one) => one.name === object);
  return m.cells[field ? o.fields.find((f) => f.name === field)[act] : o.acts[act]];
};

test('a role’s matrix shows scopes, and a change of it becomes Cedar that reads back', async () => {
  const before = await matrix('service');
  assert.deepEqual(cell(before, 'customer', 'see', 'mobile').map((g) => g.scope), ['branch']);
  assert.deepEqual(cell(before, 'customer', 'read', 'mobile'), []);
  assert.deepEqual(cell(before, 'product', 'list').map((g) => g.everybody), [true]);
  const grant = { scope: 'branch', people: 2, hours: [9, 18], weekdays: [1, 2, 3, 4, 5] };
  const changes = [{ object: 'customer', acts: ['see', 'match'], fields: ['mobile'], grants: [grant] }];
  const after = await matrix('service', { changes });
  const { policy, effect, everybody, by_hand, ...terms } = cell(after, 'customer', 'see', 'mobile')[0];
  assert.deepEqual(terms, grant);
  assert.deepEqual(cell(after, 'customer', 'see', 'phone').map((g) => g.scope), ['branch']);
  assert.match(after.text, /context\.hour >= 9 &&\s+context\.hour < 18/);
  assert.deepEqual((await matrix('service', { text: after.text })).objects, after.objects);
  assert.equal((await matrix('service')).text, before.text, 'nothing is stored');
  problem(await sec.post('/api/v1/policies/matrix', { role: 'service', changes: [{ object: 'customer', acts: ['see'], grants: [] }] }), 422, 'policy_matrix');
  problem(await sec.post('/api/v1/policies/matrix', { role: 'service', changes: [{ object: 'customer', acts: ['list'], grants: [{ scope: 'moon' }] }] }), 422, 'policy_matrix');
  const hand = await matrix('security_admin');
  assert.ok(hand.by_hand.some((p) => p.policy === 'duty-security-admin' && p.text.includes('administer')));
});

test('the effect is counted on the data, without a record', async () => {
  const manager = await server.as('manager');
  const sales = await server.as('sales1');
  for (let i = 0; i < 7; i++) assert.equal((await sales.post('/api/v1/records/customer', { name: `预览客户${i}`, customer_type: 'company', status: 'active' })).status, 201);
  const mine = (await sales.get('/api/v1/records/customer?limit=1&count=true')).json;
  assert.ok(mine && manager);
  const { text } = await matrix('sales', { changes: [{ object: 'customer', acts: ['list', 'view'], grants: [] }] });
  const effect = (await sec.post('/api/v1/policies/preview', { text })).json;
  assert.equal(effect.complete, true);
  const line = effect.lines.find((l) => l.object === 'customer' && l.act === 'list');
  assert.equal(line.change, 'loses');
  assert.deepEqual(line.roles.map((r) => r.role), ['sales']);
  const person = line.people.find((p) => p.name === '王芳');
  assert.ok(person.records >= 7);
  assert.ok(!effect.lines.some((l) => l.change === 'gains'));
  assert.ok(line.people.every((p) => p.records === null || p.records >= effect.few));
  assert.doesNotMatch(JSON.stringify(effect), /预览客户/);
});

test('no effect tells whether a record with such a value is there', async () => {
  const sales = await server.as('sales1');
  const name = `独有名称${process.pid}有限公司`;
  assert.equal((await sales.post('/api/v1/records/customer', { name, customer_type: 'company', status: 'active' })).status, 201);
  const current = (await sec.get('/api/v1/policies/current')).json.text;
  const effect = async (condition) => {
    const text = `${current}\n@id("probe") permit (principal in Role::"service", action == Action::"delete", resource) when { context.object == "customer" && (${condition}) };\n`;
    const answer = await sec.post('/api/v1/policies/preview', { text });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.lines;
  };
  const named = (text) => `resource has name && resource.name == "${text}"`;
  const there = await effect(named(name));
  assert.ok(there.length > 0 && there.every((l) => l.untold && l.records === null && l.people.every((p) => p.untold && p.records === null)), JSON.stringify(there));
  assert.deepEqual(there, await effect(named('没有这样的名称')));
  // Nor by the difference of two large ones.
  const large = 'resource has status && resource.status == "active"';
  assert.deepEqual(await effect(`(${large}) || (${named(name)})`), await effect(`(${large}) || (${named('没有这样的名称')})`));
  // A choice alone is counted: it names nobody.
  assert.ok((await effect(large)).some((l) => l.records >= 5 && !l.untold));
});

test('hours show in the effect as what is lost outside them', async () => {
  const { text } = await matrix('service', { changes: [{ object: 'customer', acts: ['see'], fields: ['mobile'], grants: [{ scope: 'branch', hours: [9, 18], weekdays: [1, 2, 3, 4, 5] }] }] });
  const { lines } = (await sec.post('/api/v1/policies/preview', { text })).json;
  assert.deepEqual([...new Set(lines.map((l) => `${l.when} ${l.change} ${l.act} ${l.fields}`))].sort(), ['evening loses see mobile', 'weekend loses see mobile']);
  assert.equal((await sec.post('/api/v1/policies/check', { text })).json.widens, false);
});

test('why: of oneself what one knows of, of others for the security administrator', async () => {
  const sales = await server.as('sales1');
  const made = (await sales.post('/api/v1/records/customer', { name: '为何客户', customer_type: 'company', status: 'active' })).json;
  const own = (await sales.post('/api/v1/why', { object: 'customer', id: made.id, field: 'mobile' })).json;
  assert.deepEqual(own.answers.map((a) => [a.act, a.decision]), [['see', 'allow'], ['read', 'allow'], ['write', 'allow'], ['match', 'allow']]);
  assert.ok(own.answers[1].determining.some((p) => p.id === 'sales-own-fields-read'));
  const other = await server.as('sales2');
  problem(await other.post('/api/v1/why', { object: 'customer', id: made.id }), 404, 'not_found');
  problem(await other.post('/api/v1/why', { object: 'customer', id: made.id, user: 10 }), 403, 'not_your_duty');
  const told = (await sec.post('/api/v1/why', { user: 11, object: 'customer', id: made.id, act: 'view' })).json;
  assert.equal(told.answers[0].decision, 'deny');
  assert.ok(told.answers[0].others.some((p) => p.id === 'sales-own-records' && /resource\.owner == principal/.test(p.condition)));
  assert.doesNotMatch(JSON.stringify(told), /为何客户/);
  assert.equal((await sec.post('/api/v1/why', { user: 10, object: 'customer', id: made.id, act: 'view' })).json.answers[0].decision, 'allow');
});

test('why: an answer has the rules by their terms and says what is lacking; a leader asks for his people, for what he sees', async () => {
  const sales = await server.as('sales1');
  const made = (await sales.post('/api/v1/records/customer', { name: '为何规则', customer_type: 'company', status: 'active' })).json;
  const own = (await sales.post('/api/v1/why', { object: 'customer', id: made.id, field: 'resident_id', act: 'read' })).json.answers[0];
  assert.equal(own.decision, 'deny');
  const read = own.others.find((p) => p.id === 'sales-own-fields-read');
  assert.deepEqual([read.by_hand, read.rule, read.lacks], [false, { role: 'sales', scope: 'own' }, 'field']);
  const boss = await server.as('manager');
  const people = (await boss.get('/api/v1/directory')).json.users;
  assert.ok(people.some((u) => u.id === 10 && u.led) && !people.some((u) => u.id === 14 && u.led));
  const told = (await boss.post('/api/v1/why', { user: 10, object: 'customer', id: made.id, field: 'mobile', act: 'read' })).json;
  assert.deepEqual([told.user, told.answers[0].decision], [10, 'allow']);
  problem(await sales.post('/api/v1/why', { user: 14, object: 'customer', id: made.id }), 403, 'not_your_duty');
  const hidden = people.find((u) => !u.led && u.id !== 14);
  problem(await boss.post('/api/v1/why', { user: hidden.id, object: 'customer', id: made.id }), 403, 'not_your_duty');
});

test('a role begun like another gives nothing until two have published it, then what the other gives', async () => {
  const ops = (await sec.get('/api/v1/roles')).json.items.find((r) => r.name === 'operations').document;
  const [sys, second] = await Promise.all([server.as('sysadmin'), server.as('secadmin2')]);
  problem(await sys.post('/api/v1/roles', { name: 'channel_ops', ceiling: ops.ceiling }), 403, 'not_your_duty');
  problem(await (await server.as('sales1')).post('/api/v1/roles', { name: 'channel_ops' }), 403, 'not_your_duty');
  const like = (role, more = {}) => sec.post('/api/v1/policies/matrix', { role, like: 'operations', ...more });
  problem(await like('channel_ops'), 422, 'policy_matrix');
  // a budget that is left out would be none at all
  problem(await sec.post('/api/v1/roles', { name: 'channel_ops', ceiling: ops.ceiling, match: ops.match }), 422, 'role_without_budget', 'budget');
  problem(await sec.post('/api/v1/roles', { name: 'channel_ops', ceiling: { personal: 'clear' }, budget: { masked: ops.budget.masked, lookups: ops.budget.lookups } }), 422, 'role_without_budget', 'budget');
  const made = await sec.post('/api/v1/roles', { name: 'channel_ops', label: { zh: '渠道运营', en: 'Channel operations' }, ceiling: ops.ceiling, match: ops.match, budget: ops.budget });
  assert.equal(made.status, 201);
  problem(await sec.patch(`/api/v1/roles/${made.json.id}`, { name: 'channel_ops', ceiling: ops.ceiling }), 422, 'role_without_budget', 'budget');
  problem(await sec.post('/api/v1/roles', { name: 'channel_ops' }), 409, 'role_taken', 'name');
  assert.equal((await sec.patch('/api/v1/people/25', { roles: ['channel_ops'] })).status, 200);
  const holder = await server.as('nobody');
  problem(await holder.get('/api/v1/records/customer'), 404, 'unknown_object');
  const fresh = await like('channel_ops');
  assert.equal(fresh.status, 200, fresh.text);
  const customer = fresh.json.objects.find((o) => o.name === 'customer');
  const given = (act) => fresh.json.cells[customer.acts[act]].some((g) => g.effect === 'permit');
  assert.ok(given('view') && !given('export') && !given('reveal'));
  problem(await like('channel_ops', { text: fresh.json.text }), 422, 'policy_matrix');
  const asked = await propose(sec, fresh.json.text, '渠道运营照运营岗');
  assert.equal(asked.json.state, 'waiting');
  problem(await holder.get('/api/v1/records/customer'), 404, 'unknown_object');
  problem(await sec.post(`/api/v1/policies/${asked.json.number}/approve`, {}), 403, 'own_proposal');
  assert.equal((await second.post(`/api/v1/policies/${asked.json.number}/approve`, {})).status, 200);
  await until('the holder sees', async () => (await holder.get('/api/v1/records/customer')).status === 200);
});

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
  problem(await check(text.match(/@id\("[^"]+"\)\s*permit[^;]*;/)[0]), 422, 'policy_twice');
  problem(await sec.post('/api/v1/policies/check', { text: 'permit (principal, action in Action::"look", resource);' }), 422, 'policy_locks_out');
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

// Conditions on the network and the hour, decided anew for each request; and a publish under load.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { password, root, Server, until } from './server.mjs';

const hour = new Date().getHours(); // the server runs in the same zone, and at the latest an hour later
const extra = `
@id("read-in-the-office") forbid (principal in Role::"sales", action == Action::"read", resource)
when { context.network != "office" && context.class == "personal" };
@id("update-not-from-outside") forbid (principal in Role::"sales", action == Action::"update", resource)
when { context.network == "outside" };
@id("delete-with-a-reason") forbid (principal, action == Action::"delete", resource is Customer)
unless { context.reason };
@id("owner-with-a-factor") forbid (principal in Role::"sales_manager", action == Action::"transfer", resource)
unless { context.reason && context has second_factor_age && context.second_factor_age < 900 };
@id("remark-with-a-reason") forbid (principal in Role::"sales_manager", action == Action::"write", resource is Customer)
when { context.field == "remark" } unless { context.reason };
@id("not-at-this-hour") forbid (principal in Role::"finance", action in Action::"look", resource)
when { context.hour == ${hour} || context.hour == ${(hour + 1) % 24} };
@id("only-at-other-hours") forbid (principal in Role::"marketing", action in Action::"look", resource)
when { context.hour != ${hour} && context.hour != ${(hour + 1) % 24} };
`;

let server, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedun-conditions-'));
  chmodSync(folder, 0o755); // the roles are users of their own
  const policies = join(folder, 'policies'), file = join(folder, 'company.txt');
  cpSync(join(root, 'policies'), policies, { recursive: true });
  writeFileSync(join(policies, 'zz_conditions.cedar'), extra);
  const text = readFileSync(join(root, 'tests/api/company.txt'), 'utf8');
  const named = text.replace('company 1 {"budget":{}}', 'company 1 {"budget":{},"high_risk":{"delete":{"above":5,"reason":true},"reveal":{"above":1000,"second_factor_minutes":15}},"networks":{"office":["127.0.0.1/32"],"vpn":["127.0.1.0/24"]}}');
  assert.notEqual(named, text);
  writeFileSync(file, named);
  server = await new Server({ policies, company: file }).start();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

// The same session from another address.
function elsewhere(c, from) {
  const other = server.client(from);
  other.cookies = c.cookies;
  other.csrf = c.csrf;
  return other;
}

test('what the network allows is asked at each request: the same session in the office, by the company’s other network, outside', async () => {
  const inside = await server.as('sales1');
  const made = await inside.create('customer', company());
  const path = `/api/v1/records/customer/${made.id}`;
  const vpn = elsewhere(inside, '127.0.1.7'), outside = elsewhere(inside, '127.0.0.9');
  for (let round = 0; round < 2; round++) {
    assert.equal(ok(await inside.get(path)).mobile, made.mobile);
    for (const c of [vpn, outside]) {
      const seen = ok(await c.get(path)).mobile;
      assert.notEqual(seen, made.mobile);
      assert.match(String(seen ?? ''), /^(138\*+\d{4})?$/);
    }
  }
  const version = ok(await inside.get(path))._version ?? made._version;
  problem(await outside.patch(path, { remark: 'x' }, version), 403, 'denied');
  assert.equal((await vpn.patch(path, { remark: 'x' }, version)).status, 200);
  vpn.close();
  outside.close();
});

const because = (text) => ({ headers: { 'x-reason': encodeURIComponent(text) } });

test('an act that only lacks a reason is refused by that code, then done with it, and the reason stands sealed in its entry', async () => {
  const sales1 = await server.as('sales1'), sales2 = await server.as('sales2'), manager = await server.as('manager'), auditor = await server.as('auditor');
  const made = await sales1.create('customer', company());
  const path = `/api/v1/records/customer/${made.id}`;
  const seen = ok(await manager.get(path));
  assert.ok(seen._acts.includes('delete'), 'what he may do once he gives a reason is offered');
  const refused = problem(await manager.delete(path, seen._version), 403, 'reason_required');
  assert.deepEqual(refused.required, { act: 'delete', reason: true, second_factor_minutes: null });
  for (const text of ['短', ' a b ', '长'.repeat(501), 'x%00xxxx'])
    problem(await manager.delete(path, seen._version, { headers: { 'x-reason': encodeURIComponent(text).replace('%2500', '%00') } }), 422, 'bad_reason', 'reason');
  ok(await manager.post('/api/v1/records/customer/query', { limit: 1 }, { headers: { 'x-reason': '%00' } })); // a question takes none
  problem(await sales2.delete(path, seen._version), 404, 'not_found');
  problem(await sales1.delete(path, seen._version, because('我想删掉它')), 403, 'denied');
  const many = await manager.post('/api/v1/records/customer/bulk', { act: 'delete', items: [{ id: made.id, version: seen._version }] });
  assert.equal(many.json.items[0].error.code, 'reason_required');
  assert.equal(many.json.items[0].error.required.reason, true);
  ok(await manager.delete(path, seen._version, because('客户要求删除资料')), 204);
  const entry = await until('the index has the entry', async () =>
    ok(await auditor.get(`/api/v1/audit?act=delete&record=${made.id}`)).items[0]);
  assert.equal(entry.has_detail, true);
  assert.ok(!JSON.stringify(entry).includes('客户要求'));
  assert.equal(ok(await auditor.get(`/api/v1/audit/${entry.seq}`)).detail, '客户要求删除资料');
  assert.equal(ok(await manager.get(`/api/v1/audit/${entry.seq}`)).detail, null, 'the reason is for the auditor');
});

test('all that is missing is told at once, with the minutes; who may not do it anyway is told nothing of it', async () => {
  const manager = await server.as('manager'), sales1 = await server.as('sales1');
  const made = await sales1.create('customer', company());
  const path = `/api/v1/records/customer/${made.id}`;
  const version = ok(await manager.get(path))._version;
  const both = problem(await manager.patch(path, { owner: 12 }, version), 403, 'second_factor_required');
  assert.deepEqual(both.required, { act: 'transfer', reason: true, second_factor_minutes: 15 });
  const factor = problem(await manager.patch(path, { owner: 12 }, version, because('重新分配客户')), 403, 'second_factor_required');
  assert.deepEqual(factor.required, { act: 'transfer', reason: false, second_factor_minutes: 15 });
  const word = problem(await manager.patch(path, { remark: '备注' }, version), 403, 'reason_required');
  assert.equal(word.required.act, 'write');
  ok(await manager.patch(path, { remark: '备注' }, version, because('补充备注信息')));
});

test('more than the register leaves free is asked for before the first of them, and to ask for less takes two', async () => {
  const manager = await server.as('manager'), sec = await server.as('secadmin'), sales1 = await server.as('sales1');
  const items = Array.from({ length: 6 }, () => ({ id: '0190a0a0-0000-7000-8000-000000000000', version: 1 }));
  const all = (who, o) => who.post('/api/v1/records/customer/bulk', { act: 'delete', items }, o);
  assert.deepEqual(problem(await all(manager), 403, 'reason_required').required,
    { act: 'delete', reason: true, second_factor_minutes: null, count: 6, above: 5 });
  assert.equal((await all(manager, because('客户要求删除资料'))).json.items[0].status, 404);
  assert.equal((await all(sales1)).status, 207, 'who may delete none is told nothing of it');
  const { company: document } = ok(await sec.get('/api/v1/sign-in'));
  assert.equal(document.high_risk.delete.above, 5);
  const put = (high_risk) => sec.patch('/api/v1/company', { ...document, high_risk });
  problem(await put({ ...document.high_risk, delete: { above: 6, reason: true } }), 403, 'needs_second');
  problem(await put({ ...document.high_risk, delete: undefined }), 403, 'needs_second');
  problem(await put({ ...document.high_risk, delete: { above: 5, reasons: true } }), 422, 'bad_document', 'delete');
  ok(await put({ ...document.high_risk, transfer: { above: 100, reason: true } }), 204);
});

test('to undo an import asks what a deletion asks, before it begins', async () => {
  const manager = await server.as('manager'), body = Buffer.from(`类型,名称,手机\ncompany,撤销公司,${company().mobile}\n`);
  const { id } = ok(await manager.post('/api/v1/imports', { object: 'customer', file_name: 'a.csv', size: body.length }), 201);
  ok(await manager.request('PUT', `/api/v1/imports/${id}/parts/0`, { body, headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await manager.post(`/api/v1/imports/${id}/preview`, {}));
  const mapping = ['customer_type', 'name', 'mobile'].map((field, column) => ({ column, field }));
  const { job } = ok(await manager.post(`/api/v1/imports/${id}/start`, { mapping }), 202);
  const over = (one) => until('the job', async () => { const j = ok(await manager.get(`/api/v1/jobs/${one}`)); return ['done', 'failed'].includes(j.state) && j; });
  assert.equal((await over(job)).result.imported, 1);
  const need = problem(await manager.post(`/api/v1/imports/${id}/undo`), 403, 'reason_required');
  assert.deepEqual(need.required, { act: 'delete', reason: true, second_factor_minutes: null });
  const undo = ok(await manager.post(`/api/v1/imports/${id}/undo`, undefined, because('导错了文件')), 202);
  assert.equal((await over(undo.job)).result.undone, 1);
});

test('what the hour forbids is forbidden now, what it forbids at other hours is not', async () => {
  const finance = await server.as('finance1'), marketing = await server.as('marketing');
  assert.notEqual((await finance.get('/api/v1/records/order')).status, 200);
  assert.equal((await marketing.get('/api/v1/records/lead')).status, 200);
});

test('the why of a field names the condition on the network', async () => {
  const outside = elsewhere(await server.as('sales1'), '127.0.0.9');
  const answers = ok(await outside.post('/api/v1/why', { object: 'customer', field: 'mobile', act: 'read' })).answers;
  assert.equal(answers[0].decision, 'deny');
  assert.ok(answers[0].determining.some((p) => p.id === 'read-in-the-office'));
  outside.close();
});

test('a publish under load drops no request, and what begins a second after it goes by it', async () => {
  const sec = await server.as('secadmin'), { text } = ok(await sec.get('/api/v1/policies/current'));
  const clients = [];
  for (let i = 0; i < 8; i++) {
    const c = server.client();
    await c.signIn(i % 2 === 0 ? 'sales1' : 'sales2', password);
    if (i < 2) await c.create('customer', company());
    clients.push(c);
  }
  let ending = false;
  const answers = [];
  const ask = async (c) => {
    while (!ending) {
      const at = performance.now();
      const a = await c.get('/api/v1/records/customer?limit=5');
      answers.push({ at, status: a.status, seen: a.json?.items?.length ?? a.json?.records?.length });
    }
  };
  const asking = clients.map(ask);
  const publishes = [];
  for (let n = 1; n <= 3; n++) { // each narrows once more: at last sales see no customer at all
    const fresh = `${text}${Array.from({ length: n }, (_, i) => `\n@id("load-${i + 1}") forbid (principal in Role::"sales", action in Action::"look", resource is ${['Quote', 'Contract', 'Customer'][i]});`).join('')}\n`;
    const based_on = ok(await sec.get('/api/v1/policies')).in_force;
    const made = await sec.post('/api/v1/policies', { text: fresh, note: '收窄', based_on });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.state, 'published');
    publishes.push(performance.now());
    const until = answers.length + 100;
    while (answers.length < until) await new Promise((go) => setTimeout(go, 20));
  }
  const last = publishes.at(-1);
  const late = () => answers.filter((a) => a.at > last + 1000).length;
  while (late() < 50) await new Promise((go) => setTimeout(go, 20));
  ending = true;
  await Promise.all(asking);
  for (const c of clients) c.close();
  assert.deepEqual(answers.filter((a) => a.status !== 200), [], 'requests were dropped');
  const before = answers.filter((a) => a.at < publishes[1]), stale = answers.filter((a) => a.at > last + 1000 && a.seen > 0);
  assert.ok(before.every((a) => a.seen > 0));
  assert.deepEqual(stale, [], 'more than a second after the publish the old policies held');
});

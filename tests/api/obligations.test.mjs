// Obligations of policies: what only passes with an approval or under a watermark, by annotation or as a condition.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company, mobile } from './people.mjs';
import { root, Server, until } from './server.mjs';

const extra = `
@id("careful-delete") @obligation("approval, reason")
permit (principal in Role::"sales", action == Action::"delete", resource is Customer)
when { resource.owner == principal };
@id("small-ones-freely") permit (principal in Role::"sales", action == Action::"delete", resource is Customer)
when { resource.owner == principal && resource has grade && resource.grade == "d" };
@id("imports-of-leads") forbid (principal in Role::"sales", action == Action::"import", resource is Customer)
unless { context.approval };
@id("sensitive-with-approval") forbid (principal in Role::"sales", action == Action::"reveal", resource is Customer)
when { resource has grade && resource.grade == "a" } unless { context.approval };
@id("big-ones-move-with-approval") forbid (principal, action == Action::"transfer", resource is Customer)
when { resource has grade && resource.grade == "a" } unless { context.approval };
@id("leads-under-a-watermark") @obligation("watermark")
permit (principal in Role::"finance", action in Action::"look", resource is Lead);
@id("leads-of-finance") permit (principal in Role::"finance", action == Action::"read", resource is Lead)
when { context.class == "internal" };
`;

let server, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedun-obligations-'));
  chmodSync(folder, 0o755); // the roles are users of their own
  const policies = join(folder, 'policies');
  cpSync(join(root, 'policies'), policies, { recursive: true });
  writeFileSync(join(policies, 'zz_obligations.cedar'), extra);
  server = await new Server({ policies }).start();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const because = { headers: { 'x-reason': encodeURIComponent('客户要求删除资料') } };
const at = (c) => `/api/v1/records/customer/${c.id}`;
const ask = (change) => ({ kind: 'act', reason: '客户要求', change: { object: 'customer', hours: 4, ...change } });

async function approve(who, by, change) {
  const asked = await who.post('/api/v1/proposals', ask(change));
  assert.equal(asked.status, 201, asked.text);
  ok(await by.post(`/api/v1/proposals/${asked.json.id}/decide`, { approve: true, note: '好' }));
  return asked.json.id;
}

const tagsOf = (auditor, act, id) => until('the index has the entry', async () => {
  const tags = ok(await auditor.get(`/api/v1/audit?act=${act}&record=${id}`)).items.map((i) => i.tag ?? '').filter(Boolean);
  return tags.length > 0 ? tags : null;
});

test('what only a permit with an obligation lets pass needs the approval for that record; what another permit lets pass does not', async () => {
  const [sales1, manager, auditor] = await Promise.all(['sales1', 'manager', 'auditor'].map((who) => server.as(who)));
  const big = await sales1.create('customer', company({ grade: 'b' })), small = await sales1.create('customer', company({ grade: 'd' }));
  const shown = ok(await sales1.get(at(big)));
  assert.ok(shown._acts.includes('delete'), 'he could: with what is asked');
  problem(await sales1.delete(at(big), shown._version), 403, 'reason_required');
  const refused = problem(await sales1.delete(at(big), shown._version, because), 403, 'approval_required');
  assert.deepEqual(refused.required, { act: 'delete', reason: false, second_factor_minutes: null, approval: true, object: 'customer', count: 1 });
  assert.equal((await sales1.delete(at(small), small._version)).status, 204);

  const why = ok(await sales1.post('/api/v1/why', { object: 'customer', id: big.id, act: 'delete' }));
  const rules = [...why.answers[0].determining, ...why.answers[0].others];
  assert.deepEqual(rules.find((r) => r.id === 'careful-delete').obligations, ['approval']);
  const id = await approve(sales1, manager, { act: 'delete', records: [big.id] });
  problem(await sales1.delete(at(big), shown._version), 403, 'reason_required');
  assert.equal((await sales1.delete(at(big), shown._version, because)).status, 204);
  assert.deepEqual(await tagsOf(auditor, 'delete', big.id), [`high_risk delete 2 p${id}`]);
  const other = await sales1.create('customer', company({ grade: 'c' }));
  problem(await sales1.delete(at(other), other._version, because), 403, 'approval_required');
  const items = [other, await sales1.create('customer', company({ grade: 'd' }))].map((c) => ({ id: c.id, version: c._version }));
  const bulk = ok(await sales1.post('/api/v1/records/customer/bulk', { act: 'delete', items }, because), 207);
  assert.deepEqual(bulk.items.map((i) => [i.status, i.error?.code ?? '']), [[403, 'approval_required'], [204, '']]);
});

test('a reveal, a change of owner and a handover of some records want it; the rest goes on', async () => {
  const [sales1, manager, leader, auditor] = await Promise.all(['sales1', 'manager', 'leader', 'auditor'].map((who) => server.as(who)));
  const a = await sales1.create('customer', company({ grade: 'a', resident_id: '11010519491231002X' })), c = await sales1.create('customer', company({ grade: 'c', resident_id: '440308199901101512' }));
  const reveal = (one) => sales1.post(`${at(one)}/reveal`, { fields: ['resident_id'], reason: '核对客户证件' });
  assert.equal((await reveal(c)).status, 200);
  assert.equal(problem(await reveal(a), 403, 'approval_required').required.act, 'reveal');
  const seen = await approve(sales1, manager, { act: 'reveal', count: 1 });
  assert.equal((await reveal(a)).status, 200);
  problem(await reveal(a), 403, 'approval_required');
  assert.deepEqual(await tagsOf(auditor, 'reveal', a.id), [`high_risk reveal 2 p${seen}`]);

  const give = (one, to) => manager.patch(at(one), { owner: to }, one._version);
  assert.equal((await give(c, 11)).status, 200);
  assert.equal(problem(await give(a, 11), 403, 'approval_required').required.act, 'transfer');
  const rule = { from: 10, to: [11], objects: ['customer'] };
  const refused = problem(await manager.post('/api/v1/handovers', rule), 403, 'approval_required');
  assert.deepEqual([refused.required.act, refused.required.object, refused.required.count], ['transfer', 'customer', 1]);
  const asked = await manager.post('/api/v1/proposals', ask({ act: 'transfer', count: 1 }));
  assert.equal(asked.status, 201, asked.text);
  assert.deepEqual(asked.json.deciders, []); // nobody leads him: a security administrator
  const sec = await server.as('secadmin');
  problem(await leader.post(`/api/v1/proposals/${asked.json.id}/decide`, { approve: true, note: '' }), 403, 'not_your_duty');
  ok(await sec.post(`/api/v1/proposals/${asked.json.id}/decide`, { approve: true, note: '好' }));
  const begun = await until('the approval is known', async () => {
    const r = await manager.post('/api/v1/handovers', rule);
    return r.status === 202 ? r.json : null;
  });
  await until('all is handed on', async () => {
    const run = ok(await manager.get('/api/v1/handovers')).runs.find((r) => r.id === begun.id);
    return run?.jobs.length && run.jobs.every((p) => p.job.state === 'done') ? run : null;
  });
  const owner = ok(await manager.get(at(a))).owner;
  assert.equal(owner.id ?? owner, 11);
});

test('an import that wants one is asked before it begins, and stops at the rows that were approved', async () => {
  const [sales1, manager] = await Promise.all(['sales1', 'manager'].map((who) => server.as(who)));
  const bytes = Buffer.from(`类型,名称,手机\n单位,甲公司,${mobile()}\n单位,乙公司,${mobile()}\n`);
  const { id } = ok(await sales1.post('/api/v1/imports', { object: 'customer', file_name: 'c.csv', size: bytes.length }), 201);
  ok(await sales1.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: bytes, headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await sales1.post(`/api/v1/imports/${id}/preview`, {}));
  const plan = { mapping: [{ column: 0, field: 'customer_type' }, { column: 1, field: 'name' }, { column: 2, field: 'mobile' }] };
  const start = () => sales1.post(`/api/v1/imports/${id}/start`, plan);
  assert.equal(problem(await start(), 403, 'approval_required').required.act, 'import');
  await approve(sales1, manager, { act: 'import', count: 2 });
  const begun = await until('the approval is known', async () => {
    const r = await start();
    return r.status === 202 ? r.json : null;
  });
  const over = await until('the import is over', async () => {
    const j = ok(await sales1.get(`/api/v1/jobs/${begun.job}`));
    return ['done', 'failed'].includes(j.state) ? j : null;
  });
  assert.deepEqual([over.state, over.result.imported], ['done', 2]);
});

test('what is shown under a watermark alone says so, in the list, the record and the log', async () => {
  const [sales1, finance, auditor] = await Promise.all(['sales1', 'finance1', 'auditor'].map((who) => server.as(who)));
  const lead = await sales1.create('lead', { company_name: '水印线索公司', person_name: '周一', mobile: mobile() });
  assert.equal(lead._watermark, undefined);
  assert.equal(ok(await finance.get('/api/v1/records/lead')).watermark, true);
  assert.equal(ok(await finance.get(`/api/v1/records/lead/${lead.id}`))._watermark, true);
  assert.equal(ok(await finance.get('/api/v1/records/order')).watermark, undefined);
  assert.ok((await tagsOf(auditor, 'view', lead.id)).includes('watermark'));
});

test('an obligation that is unknown, or has no meaning for its act, is refused before it is saved', async () => {
  const sec = await server.as('secadmin');
  const { text } = ok(await sec.get('/api/v1/policies/current'));
  for (const [obligation, act] of [['approval', 'view'], ['watermark', 'update'], ['fingerprint', 'delete']]) {
    const bad = `${text}\n@id("bad") @obligation("${obligation}") permit (principal in Role::"sales", action == Action::"${act}", resource);\n`;
    const p = problem(await sec.post('/api/v1/policies/check', { text: bad }), 422, 'policy_obligation');
    assert.match(p.detail, /bad/);
  }
});

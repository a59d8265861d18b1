// High-risk acts that want an approval: asked for, decided by whoever leads, counted by the keeper, found in the log.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { root, Server, until } from './server.mjs';

let server, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedun-acts-'));
  chmodSync(folder, 0o755); // the roles are users of their own
  const text = readFileSync(join(root, 'tests/api/company.txt'), 'utf8');
  const named = text
    .replace('company 1 {"budget":{}}', 'company 1 {"budget":{},"high_risk":{"delete":{"above":1,"reason":true,"approval":true},"reveal":{"approval":true}}}')
    .replace('"roles":["branch_leader"],"department":2,"duties":[],"manages":[]', '"roles":["branch_leader"],"department":2,"duties":[],"manages":[2]');
  assert.notEqual(named, text);
  const file = join(folder, 'company.txt');
  writeFileSync(file, named);
  server = await new Server({ company: file }).start();
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const because = { headers: { 'x-reason': encodeURIComponent('客户要求删除资料') } };
const change = (more) => ({ kind: 'act', reason: '清理重复客户', change: { act: 'delete', object: 'customer', count: 2, hours: 4, ...more } });

test('what the register wants approved is refused until whoever leads approves it, and then done as often as that says', async () => {
  const [manager, leader, sales1, cd, sec] = await Promise.all(['manager', 'leader', 'sales1', 'salescd', 'secadmin'].map((who) => server.as(who)));
  const made = [];
  for (let i = 0; i < 4; i++) made.push(await sales1.create('customer', company()));
  const elsewhere = await cd.create('customer', company());
  const items = made.map((m) => ({ id: m.id, version: m._version }));
  const all = (some, o) => manager.post('/api/v1/records/customer/bulk', { act: 'delete', items: some }, o);

  assert.deepEqual(problem(await all(items.slice(0, 3), because), 403, 'approval_required').required,
    { act: 'delete', reason: false, second_factor_minutes: null, approval: true, object: 'customer', count: 3, above: 1 });
  problem(await manager.post('/api/v1/proposals', change({ object: 'no_such' })), 404, 'unknown_object');
  problem(await manager.post('/api/v1/proposals', change({ records: [elsewhere.id] })), 404, 'not_found');
  problem(await manager.post('/api/v1/proposals', change({ records: [made[0].id, made[0].id] })), 422, 'bad_document', 'records');
  problem(await manager.post('/api/v1/proposals', change({ act: 'update' })), 409, 'approval_not_asked');
  problem(await manager.post('/api/v1/proposals', change({ hours: 73 })), 422, 'bad_document', 'hours');
  problem(await manager.post('/api/v1/proposals', { ...change(), change: { ...change().change, object: null, records: [made[0].id] } }), 422, 'bad_document', 'records');

  const records = made.slice(0, 3).map((m) => m.id);
  const asked = await manager.post('/api/v1/proposals', change({ records, count: undefined }));
  assert.equal(asked.status, 201, asked.text);
  assert.deepEqual(asked.json.deciders.map((d) => d.name), ['郑伟']);
  const at = `/api/v1/proposals/${asked.json.id}`;
  const waiting = ok(await leader.get('/api/v1/proposals?to_decide=true')).items.find((p) => p.id === asked.json.id);
  assert.deepEqual({ act: waiting.change.act, name: waiting.change.name, count: waiting.change.count, bound: waiting.change.bound },
    { act: 'delete', name: 'customer', count: 3, bound: true });
  assert.ok(!JSON.stringify(waiting).includes(made[0].id.replaceAll('-', '')), 'ids are in no list');
  const effect = ok(await leader.get(`${at}/effect`));
  assert.deepEqual([effect.visible, effect.titles.length], [3, 3]);
  assert.ok(effect.titles.every((t) => records.includes(t.id) && t.title.length > 0));
  problem(await sec.get(`${at}/effect`), 404, 'not_found');
  problem(await sec.post(`${at}/decide`, { approve: true, note: '' }), 403, 'not_your_duty');
  problem(await manager.post(`${at}/decide`, { approve: true, note: '' }), 403, 'own_proposal');
  ok(await leader.post(`${at}/decide`, { approve: true, note: '好' }));

  problem(await all(items.slice(0, 3)), 403, 'reason_required');
  // One is free; another than those named is not among the rest.
  const results = await until('the engine has heard of it', async () => {
    const r = await all([items[3]], because);
    return r.status === 207 ? r : null;
  });
  assert.equal(results.json.items[0].status, 204, results.text);
  const done = await until('the approval is known', async () => {
    const r = await all(items.slice(0, 3), because);
    return r.status === 207 ? r : null;
  });
  assert.deepEqual(done.json.items.map((i) => i.status), [204, 204, 204], done.text);
  const shown = ok(await manager.get('/api/v1/proposals')).items.find((p) => p.id === asked.json.id);
  assert.deepEqual([shown.allowance.used, shown.allowance.left, shown.allowance.live], [3, 0, true]);
  const grant = ok(await leader.get('/api/v1/grants')).items.find((g) => g.allow?.proposal === asked.json.id);
  assert.deepEqual([grant.why, grant.roles, grant.user], ['act', [], 14]);
  assert.equal((await leader.post(`/api/v1/grants/${grant.id}/end`, {})).status, 204);
  const ended = ok(await manager.get('/api/v1/proposals')).items.find((p) => p.id === asked.json.id);
  assert.equal(ended.allowance.live, false);
});

test('where nobody leads, a security administrator decides, who sees no record of it; a reveal is counted and marked alike', async () => {
  const [leader, sales1, sec, auditor] = await Promise.all(['leader', 'sales1', 'secadmin', 'auditor'].map((who) => server.as(who)));
  const made = await sales1.create('customer', company());
  const reveal = () => leader.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['remark'], reason: '核对客户资料' });
  const refused = problem(await reveal(), 403, 'approval_required');
  assert.deepEqual([refused.required.act, refused.required.object, refused.required.count], ['reveal', 'customer', 1]);
  const asked = await leader.post('/api/v1/proposals', { kind: 'act', reason: '核对资料', change: { act: 'reveal', object: 'customer', records: [made.id], hours: 1 } });
  assert.equal(asked.status, 201, asked.text);
  assert.deepEqual(asked.json.deciders, []);
  const at = `/api/v1/proposals/${asked.json.id}`;
  const effect = ok(await sec.get(`${at}/effect`));
  assert.deepEqual([effect.count, effect.visible, effect.titles], [1, 0, []]);
  ok(await sec.post(`${at}/decide`, { approve: true, note: '好' }));
  assert.equal((await reveal()).status, 200);
  const entry = await until('the index has the entry', async () =>
    ok(await auditor.get(`/api/v1/audit?act=reveal&record=${made.id}`)).items[0]);
  assert.equal(entry.tag, `high_risk reveal 1 p${asked.json.id}`);
});

test('two approvals, neither of which is enough, let a bulk deletion through together; the log names both', async () => {
  const [manager, leader, sales1, auditor] = await Promise.all(['manager', 'leader', 'sales1', 'auditor'].map((who) => server.as(who)));
  const made = [];
  for (let i = 0; i < 3; i++) made.push(await sales1.create('customer', company()));
  const items = made.map((m) => ({ id: m.id, version: m._version }));
  const ids = [];
  const all = () => manager.post('/api/v1/records/customer/bulk', { act: 'delete', items }, because);
  for (const [count, hours] of [[1, 9], [2, 3]]) {
    problem(await all(), 403, 'approval_required');
    const asked = await manager.post('/api/v1/proposals', change({ count, hours }));
    assert.equal(asked.status, 201, asked.text);
    ok(await leader.post(`/api/v1/proposals/${asked.json.id}/decide`, { approve: true, note: '好' }));
    ids.push(asked.json.id);
  }
  const done = await until('both approvals are known', async () => {
    const r = await all();
    return r.status === 207 ? r : null;
  });
  assert.deepEqual(done.json.items.map((i) => i.status), [204, 204, 204], done.text);
  const tags = await until('the index has the entries', async () => {
    const found = [];
    for (const m of made) found.push(...ok(await auditor.get(`/api/v1/audit?act=delete&record=${m.id}`)).items.map((i) => i.tag ?? ''));
    return found.length >= 3 ? found : null;
  });
  for (const id of ids) assert.ok(tags.some((t) => new RegExp(` p${id}( |$)`).test(t)), `p${id} in ${tags}`);
});

test('the list of what was let pass is for auditors and security administrators, page by page and by filters', async () => {
  const [manager, leader, sec, auditor] = await Promise.all(['manager', 'leader', 'secadmin', 'auditor'].map((who) => server.as(who)));
  const sales1 = await server.as('sales1');
  const acts = async (who, query = '') => ok(await who.get(`/api/v1/high-risk/acts${query}`));
  const before = (await until('the index has reached the log', async () => {
    const page = await acts(auditor);
    return page.items.length >= 3 && page.items.every((i) => i.outcome !== 'pending') && page;
  })).items;
  // One alone, then three by an approval; a reveal by one of a security administrator.
  const deletion = before.find((i) => i.act === 'delete' && i.approvals.length === 1);
  assert.deepEqual([deletion.actor, deletion.object, deletion.outcome, deletion.reason, deletion.approvals.length], [{ id: 14, name: deletion.actor.name }, 'customer', 'allowed', 'here', 1]);
  const reveal = before.find((i) => i.act === 'reveal');
  assert.equal(reveal.label.zh, '客户');
  assert.deepEqual([reveal.records, reveal.count, reveal.reason, reveal.outcome], [1, 1, 'here', 'allowed']);
  assert.equal(ok(await auditor.get(`/api/v1/audit/${reveal.seq}`)).act, 'reveal');

  for (const [query, fits] of [['act=delete', (i) => i.act === 'delete'], ['actor=14', (i) => i.actor.id === 14], ['object=customer', () => true],
    [`until=${before.at(-1).at}`, (i) => i.at < before.at(-1).at], [`from=${before[0].at}`, (i) => i.at >= before[0].at], ['act=rights', () => false], ['object=contact', () => false]]) {
    const { items } = await acts(sec, `?${query}`);
    assert.deepEqual(items.map((i) => i.seq), before.filter(fits).map((i) => i.seq), query);
  }
  const walked = [];
  for (let at = ''; at !== null;) {
    const page = await acts(auditor, `?limit=1${at}`);
    walked.push(...page.items);
    at = page.next === null ? null : `&before=${page.next}`;
  }
  assert.deepEqual(walked, before);
  for (const [query, field] of [['act=Delete%20all', 'act'], ['actor=me', 'actor'], ['object=no_such', 'object'], ['from=yesterday', 'from'], ['until=1', 'until'],
    ['from=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z', 'until'], ['limit=0', 'limit'], ['limit=201', 'limit'], ['before=x', 'before']]) {
    assert.match(problem(await auditor.get(`/api/v1/high-risk/acts?${query}`), 400, 'invalid', field).detail ?? '', /./, query);
  }
  for (const who of [manager, leader, sales1, await server.as('sysadmin')]) problem(await who.get('/api/v1/high-risk/acts'), 403, 'not_your_duty');
  await acts(sec, '?actor=14&object=customer');
  await until('the look is recorded', async () =>
    ok(await auditor.get('/api/v1/audit?actor=2&act=view')).items.find((i) => i.tag === 'list_high_risk actor 14' && i.object === 'customer'));
});

test('who asked is told that it was decided until he looked, also after a restart; who decides that it waits for him', async () => {
  const sign = () => Promise.all(['manager', 'leader', 'boss'].map((who) => server.as(who)));
  let [manager, leader, boss] = await sign();
  const news = async (who) => ok(await who.get('/api/v1/news'));
  const one = async (who, id) => ok(await who.get('/api/v1/proposals')).items.find((p) => p.id === id);
  const before = [await news(manager), await news(leader)];
  const { id } = ok(await manager.post('/api/v1/proposals', change({ count: 7 })), 201);
  assert.deepEqual(await news(leader), { ...before[1], to_decide: before[1].to_decide + 1 });
  assert.deepEqual(await news(manager), before[0]);
  ok(await leader.post(`/api/v1/proposals/${id}/decide`, { approve: false, note: '先合并再删' }));
  assert.deepEqual(await news(leader), before[1]);
  assert.deepEqual(await news(manager), { ...before[0], unread: before[0].unread + 1 });
  assert.deepEqual(await news(boss), { unread: 0, to_decide: 0 });
  const told = await one(manager, id);
  assert.deepEqual([told.news, told.state, told.note, 'seen' in told], [true, 'refused', '先合并再删', false]);

  for (const body of [{}, { until: 0 }, { until: 'now' }, { until: 1.5 }]) problem(await manager.post('/api/v1/news/seen', body), 400, 'invalid', 'until');
  assert.equal(ok(await manager.post('/api/v1/news/seen', { until: told.decided_at - 1 })).unread, 1, 'what was closed after that is news still');
  assert.equal(ok(await leader.post('/api/v1/news/seen', { until: told.decided_at })).unread, 0);
  assert.equal((await news(manager)).unread, 1, 'it is nobody else’s to look at');
  assert.equal(ok(await manager.post('/api/v1/news/seen', { until: told.decided_at })).unread, 0);
  await server.restart();
  [manager, leader] = await sign();
  assert.deepEqual([(await news(manager)).unread, (await one(manager, id)).news], [0, false]);
  const again = ok(await manager.post('/api/v1/proposals', change({ count: 8 })), 201).id;
  ok(await manager.post(`/api/v1/proposals/${again}/decide`, { approve: false, note: '' }));
  assert.equal((await news(manager)).unread, 0, 'what he withdrew himself is no news to him');
});

// Looking after rights: accounts and rights that nobody uses, access that has grown, and taking away what was found.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byTwo, ok, problem } from './client.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
let server, sys, sec, aud;
before(async () => {
  server = await new Server().start();
  [sys, sec, aud] = await Promise.all(['sysadmin', 'secadmin', 'auditor'].map((l) => server.as(l)));
});
after(() => server.stop());

const of = (list, login) => list.items.filter((i) => i.login === login);
const unused = async (query) => ok(await sec.get(`${api}/rights/unused${query}`));

test('the lists are for holders of a duty, a person and no key', async () => {
  const sales = await server.as('sales1');
  for (const list of ['orphans', 'unused', 'grown']) problem(await sales.get(`${api}/rights/${list}`), 403, 'not_your_duty');
  problem(await sys.get(`${api}/rights/unused`), 403, 'not_your_duty');
  problem(await aud.post(`${api}/rights/take`, { items: [{}], note: '清理' }), 403, 'not_your_duty');
  problem(await sec.post(`${api}/rights/orphans/end`, { users: [10], act: 'suspend', note: '清理' }), 403, 'not_your_duty');
  problem(await sec.get(`${api}/rights/grown?days=0`), 400, 'invalid');
});

/* What the log keeps sealed beside an act, as the auditor reads it. */
const reasonOf = async (tag) => {
  const entry = await until(tag, async () => ok(await aud.get(`${api}/audit?act=admin&limit=50`)).items.find((i) => i.tag === tag));
  return ok(await aud.get(`${api}/audit/${entry.seq}`)).detail;
};

test('accounts that nobody uses are found and ended, several in one act', async () => {
  const made = [];
  for (const n of [1, 2]) made.push(ok(await sys.post(`${api}/people`, { login: `ghost${n}`, name: `旧账号${n}`, department: 4 }), 201).id);
  const list = ok(await aud.get(`${api}/rights/orphans?days=90`));
  const ghost = of(list, 'ghost1')[0];
  assert.deepEqual(ghost.why, ['never']);
  assert.ok(Date.parse(ghost.made_at) > Date.now() - 600e3);
  assert.equal(of(list, 'secadmin').length, 0, 'who works is no ghost');
  problem(await sys.post(`${api}/rights/orphans/end`, { users: made, act: 'suspend', note: '' }), 422, 'reason_missing', 'note');
  problem(await sys.post(`${api}/rights/orphans/end`, { users: [], act: 'suspend', note: '清理' }), 400, 'invalid', 'items');
  const done = ok(await sys.post(`${api}/rights/orphans/end`, { users: [...made, 999999], act: 'leave', note: '无人使用' }));
  assert.deepEqual(done.items.map((i) => i.outcome), ['done', 'done', 'refused']);
  assert.equal(done.items[2].code, 'not_found');
  const left = ok(await sys.get(`${api}/people/${made[0]}`)).document;
  assert.equal(left.disabled, true);
  assert.equal(left.left.note, '无人使用');
  assert.equal(of(ok(await aud.get(`${api}/rights/orphans`)), 'ghost1').length, 0);
  const idle = ok(await sys.post(`${api}/people`, { login: 'ghost3', name: '旧账号3', department: 4 }), 201).id;
  ok(await sys.post(`${api}/rights/orphans/end`, { users: [idle], act: 'suspend', note: '长期未登录' }));
  assert.equal(await reasonOf(`suspend user ${idle} for`), '长期未登录');
  // A holder of a duty is not ended by one person, in a list neither.
  const holder = ok(await sys.get(`${api}/people?q=auditor`)).items[0].id;
  const kept = ok(await sys.post(`${api}/rights/orphans/end`, { users: [holder], act: 'suspend', note: '清理' }));
  assert.match(kept.items[0].code, /^(needs_second|last_of_duty)$/);
});

test('a role that somebody does not use is found, until he uses it', async () => {
  const sales = await server.as('sales3');
  const id = sales.me.user;
  const line = await until('the index', async () => {
    const a = await sec.get(`${api}/rights/unused?q=sales3&whole=true`);
    return a.status === 200 && a.json;
  });
  assert.equal(line.items[0].right, 'sales');
  assert.equal(line.items[0].last_used, null);
  assert.ok(line.items[0].unused.some((u) => u.object === 'customer' && u.acts.includes('view')));
  ok(await sales.get(`${api}/records/customer?limit=1`));
  await until('the use', async () => of(await unused('?q=sales3&whole=true'), 'sales3').length === 0);
  const part = of(await unused('?q=sales3'), 'sales3')[0];
  assert.match(part.last_used, /^\d{4}-\d\d-\d\d$/);
  assert.ok(!part.unused.some((u) => u.object === 'customer' && u.acts.includes('view')), JSON.stringify(part));
  assert.ok(id > 0);
});

test('rights are taken away in one act; of a duty it becomes a proposal', async () => {
  const made = ok(await sys.post(`${api}/people`, { login: 'manyroles', name: '多岗', department: 4 }), 201).id;
  ok(await sec.patch(`${api}/people/${made}`, { roles: ['sales', 'finance', 'marketing'] }));
  const holder = ok(await sys.post(`${api}/people`, { login: 'sysadmin2', name: '副管理员' }), 201).id;
  const asked = ok(await sec.post(`${api}/proposals`, { kind: 'registry', reason: '副手', change: { items: [{ kind: 'user', id: holder, document: { duties: ['system_admin'], roles: ['system_admin'] } }] } }), 201);
  ok(await aud.post(`${api}/proposals/${asked.id}/decide`, { approve: true, note: '已核实' }));
  const take = (items) => sec.post(`${api}/rights/take`, { items, note: '三个月未使用' });
  const done = ok(await take([
    { user: made, kind: 'role', right: 'finance' },
    { user: made, kind: 'role', right: 'marketing' },
    { user: made, kind: 'role', right: 'boss' },
    { user: made, kind: 'power', right: 'sales' },
    { user: holder, kind: 'duty', right: 'system_admin' },
  ]));
  assert.deepEqual(done.items.slice(0, 4).map((i) => [i.outcome, i.code]), [['done', null], ['done', null], ['refused', 'right_gone'], ['refused', 'right_gone']]);
  assert.deepEqual(ok(await sec.get(`${api}/people/${made}`)).document.roles, ['sales']);
  assert.equal(await reasonOf(`take away user ${made} for`), '三个月未使用');
  assert.equal(done.items[4].outcome, 'proposed', JSON.stringify(done.items[4]));
  assert.deepEqual(ok(await sec.get(`${api}/people/${holder}`)).document.duties, ['system_admin'], 'one person alone takes no duty away');
  ok(await aud.post(`${api}/proposals/${done.items[4].proposal}/decide`, { approve: true, note: '同意' }));
  assert.deepEqual(ok(await sec.get(`${api}/people/${holder}`)).document.duties, []);
});

test('whose access has grown is seen against what it was, and what nobody else can write', async () => {
  const made = ok(await sys.post(`${api}/people`, { login: 'grower', name: '成长', department: 4, made_at: 1, past: [{ until: 9e12, roles: ['boss'] }] }), 201).id;
  ok(await sec.patch(`${api}/people/${made}`, { roles: ['sales'] }));
  ok(await sec.patch(`${api}/people/${made}`, { roles: ['sales', 'sales_manager'] }));
  problem(await sys.patch(`${api}/people/${made}`, { manages: [4] }), 403, 'needs_second');
  await byTwo(server, sys, made, { manages: [4] });
  const document = ok(await sec.get(`${api}/people/${made}`)).document;
  assert.ok(document.made_at > Date.now() - 600e3, 'its making is the keeper’s to say');
  assert.deepEqual(document.past.map((p) => p.roles ?? []), [[], [], ['sales'], ['sales', 'sales_manager']]);
  const grown = ok(await aud.get(`${api}/rights/grown?days=30`));
  assert.equal(grown.known, false, 'this server is younger than 30 days');
  const one = of(grown, 'grower')[0];
  assert.equal(one.fresh, true);
  assert.deepEqual(one.roles, ['sales', 'sales_manager']);
  assert.deepEqual(one.leads, [4]);
  assert.equal(of(grown, 'sales1').length, 0);
});

test('what a bulk revocation takes from sight is counted before, and nothing is taken by looking', async () => {
  const item = (user, right) => ({ user, kind: 'role', right, ref: 0 });
  const ask = (who, items) => who.post(`${api}/rights/preview`, { items });
  const sec = await server.as('secadmin');
  problem(await ask(await server.as('sysadmin'), [item(14, 'sales_manager')]), 403, 'not_your_duty');
  problem(await ask(await server.as('sales1'), [item(14, 'sales_manager')]), 403, 'not_your_duty');
  problem(await ask(sec, []), 400, 'invalid');
  const sales = await server.as('sales1');
  for (let i = 0; i < 6; i++) await sales.create('customer', { customer_type: 'company', name: `批量收回${i}` });
  const seen = ok(await ask(sec, [item(14, 'sales_manager'), item(18, 'branch_leader'), item(18, 'no such role')]));
  assert.equal(seen.people, 2);
  const line = seen.lines.find((l) => l.object === 'customer' && l.change === 'loses');
  assert.deepEqual(line.people.map((p) => p.id).sort(), [14, 18]);
  assert.ok(line.records >= 6 && !JSON.stringify(seen).includes('批量收回'));
  assert.ok(!seen.lines.some((l) => l.change === 'gains'));
  const leader = await server.as('leader');
  assert.equal((await leader.get(`${api}/records/customer`)).status, 200);
});

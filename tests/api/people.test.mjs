// People, departments, roles for a time, leaving: the administrators' pages as an API.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company, mobile } from './people.mjs';
import { password, Server, until } from './server.mjs';

const api = '/api/v1';
let server, sys, sec, aud;
before(async () => {
  server = await new Server().start();
  [sys, sec, aud] = await Promise.all(['sysadmin', 'secadmin', 'auditor'].map((l) => server.as(l)));
});
after(() => server.stop());

const list = async (who, query = '') => ok(await who.get(`${api}/people${query}`));
const propose = async (who, body) => ok(await who.post(`${api}/proposals`, { reason: '测试需要', ...body }), 201);
const decide = async (who, id, approve = true) => who.post(`${api}/proposals/${id}/decide`, { approve, note: '已核实' });
const me = async (who) => ok(await who.get(`${api}/me`));
const roles = async (who) => (await me(who)).roles.map((r) => r.name).sort();

test('the log names whom an administrator made, which people a list brought, and whose session was ended', async () => {
  const made = ok(await sys.post(`${api}/people`, { login: 'named', name: '具名' }), 201).id;
  const csv = '登录名,姓名,部门\nnamed1,名单一,新部门\nnamed2,名单二,新部门\nnamed,改名,\n';
  ok(await sys.post(`${api}/people/import`, csv, { headers: { 'content-type': 'application/octet-stream' } }));
  const first = (await list(sys, '?q=named1')).items[0].id, place = (await list(sys, '?q=named1')).items[0].document.department;
  assert.equal((await list(sys, '?q=named2')).items[0].id, first + 1);
  const guest = server.client();
  await guest.signIn('sales2', password);
  const theirs = ok(await sec.get(`${api}/users/${guest.me.user}/sessions`)).items.at(-1).id;
  ok(await sec.delete(`${api}/sessions/${theirs}`), 204);
  guest.close();
  const wanted = [`user ${made}`, `import 4 of people and departments u${first}-${first + 1} d${place}-${place}`, `session_revoke ${guest.me.user}`];
  await until('the log has it', async () => {
    const tags = ok(await aud.get(`${api}/audit?limit=200`)).items.map((i) => i.tag);
    return wanted.every((tag) => tags.includes(tag));
  });
});

test('people are listed for administrators, found by name, department and state', async () => {
  problem(await (await server.as('sales1')).get(`${api}/people`), 403, 'not_your_duty');
  problem(await (await server.as('manager')).get(`${api}/people/10`), 403, 'not_your_duty');
  const all = await list(sys);
  assert.equal(all.total, all.items.length);
  assert.equal((await list(aud, `?q=${encodeURIComponent('王芳')}`)).items[0].document.login, 'sales1');
  const first = (await list(sec, '?department=3')).items.map((p) => p.document.login);
  assert.ok(first.includes('sales1') && first.includes('manager') && !first.includes('sales3'));
  assert.equal((await list(sec, '?state=duty')).total, 3);
  const page = await list(sys, '?limit=5&page=2');
  assert.equal(page.items.length, 5);
  assert.equal(page.total, all.total);
  const idle = (await list(sys, '?state=idle&days=30')).items.map((p) => p.document.login);
  assert.ok(idle.includes('boss') && !idle.includes('sysadmin'), idle.join());
});

test('the system administrator makes and changes accounts and departments', async () => {
  const team = ok(await sys.post(`${api}/departments`, { name: '成都二组', parent: 6, branch: 5 }), 201);
  const made = ok(await sys.post(`${api}/people`, { login: 'newcomer', name: '新人', department: team.id }), 201);
  ok(await sys.patch(`${api}/people/${made.id}`, { name: '新同事', mail: 'new@example.com' }));
  const one = ok(await sec.get(`${api}/people/${made.id}`));
  assert.equal(one.document.name, '新同事');
  assert.equal(one.seen_at, null);
  problem(await sys.post(`${api}/people`, { login: 'newcomer', name: '又一个' }), 409, 'login_taken', 'login');
  problem(await sys.patch(`${api}/departments/5`, { name: '成都分公司', parent: 6, branch: 5 }), 422, 'department_ring', 'parent');
  problem(await sys.patch(`${api}/people/9999`, { name: 'x' }), 404, 'not_found');
});

test('accounts that many connections make at once are all made, each with a number of its own', async () => {
  const clients = Array.from({ length: 8 }, () => server.client());
  for (const c of clients) await c.signIn('sysadmin', password);
  const made = await Promise.all(Array.from({ length: 64 }, (_, i) => clients[i % 8].post(`${api}/people`, { login: `crowd${i}`, name: `众${i}` })));
  assert.equal(new Set(made.map((a) => ok(a, 201).id)).size, 64);
  for (const c of clients) c.close();
});

test('a one-time password is two halves from two people, and must be replaced', async () => {
  const made = ok(await sys.post(`${api}/people`, { login: 'halves', name: '两半' }), 201);
  const asked = await propose(sys, { kind: 'password', user: made.id });
  const waiting = ok(await sec.get(`${api}/proposals?to_decide=true`)).items;
  assert.ok(waiting.some((p) => p.id === asked.id && p.may_decide && p.kind === 'password'));
  assert.ok(!JSON.stringify(waiting).includes(asked.secret));
  const answer = ok(await decide(sec, asked.id));
  const fresh = server.client();
  await fresh.signIn('halves', `${asked.secret}-${answer.secret}`);
  assert.equal(fresh.me.must_change_password, true);
  problem(await fresh.get(`${api}/people`), 403, 'must_change_password');
  ok(await fresh.post(`${api}/me/password`, { old: `${asked.secret}-${answer.secret}`, new: 'quite another one' }), 204);
  fresh.close();
});

test('two administrators make a person with roles in one act', async () => {
  const asked = await propose(sys, { kind: 'registry', change: { items: [{ kind: 'user', document: { login: 'joint', name: '一起', roles: ['sales'], department: 4 } }] } });
  ok(await decide(sec, asked.id));
  assert.deepEqual((await list(sys, '?q=joint')).items[0].document.roles, ['sales']);
  problem(await decide(sec, asked.id), 409, 'proposal_closed');
});

test('somebody asks for a role for hours; a leader approves where the role allows it', async () => {
  const sales = await server.as('sales2'), manager = await server.as('manager'), other = await server.as('sales3');
  const asked = await propose(sales, { kind: 'grant', user: 11, change: { roles: ['finance'], hours: 2 } });
  problem(await decide(manager, asked.id), 403, 'not_your_duty');
  const finance = ok(await sec.get(`${api}/roles`)).items.find((r) => r.name === 'finance');
  ok(await sec.patch(`${api}/roles/${finance.id}`, { ...finance.document, by_leader: true }));
  problem(await decide(other, asked.id), 403, 'not_your_duty');
  problem(await decide(sales, asked.id), 403, 'own_proposal');
  ok(await decide(manager, asked.id));
  await until('the role', async () => (await roles(sales)).join() === 'finance,sales');
  const grant = ok(await sales.get(`${api}/grants?live=true`)).items[0];
  assert.equal(grant.approved_by, 14);
  assert.ok(grant.until <= Date.now() + 2 * 3600e3);
  ok(await manager.post(`${api}/grants/${grant.id}/end`, { note: '不再需要' }), 204);
  await until('its end', async () => (await roles(sales)).join() === 'sales');
});

test('the glass breaks at once, is shown to who watches, and is reviewed once', async () => {
  const service = await server.as('service2');
  problem(await service.post(`${api}/grants`, { why: 'break_glass', roles: ['branch_leader'], hours: 1, reason: '客户紧急' }), 403, 'not_for_emergency');
  const leader = ok(await sec.get(`${api}/roles`)).items.find((r) => r.name === 'branch_leader');
  ok(await sec.patch(`${api}/roles/${leader.id}`, { ...leader.document, break_glass_hours: 2 }));
  const glass = ok(await service.post(`${api}/grants`, { why: 'break_glass', roles: ['branch_leader'], hours: 1, reason: '客户紧急' }), 201);
  await until('the role', async () => (await roles(service)).includes('branch_leader'));
  const glassUser = ok(await service.get(`${api}/me`)).user;
  const told = await until('the glass in the why', async () => {
    const w = ok(await sec.post(`${api}/why`, { user: glassUser, object: 'customer', act: 'list' }));
    return w.roles.includes('branch_leader') && w;
  });
  assert.deepEqual([...told.roles].sort(), ['branch_leader', 'service']);
  const open = await until('the alarm', async () => ok(await aud.get(`${api}/grants?to_review=true`)).items[0]);
  assert.equal(open.id, glass.id);
  problem(await service.post(`${api}/grants/${glass.id}/review`, { note: '好' }), 403, 'not_your_duty');
  ok(await aud.post(`${api}/grants/${glass.id}/review`, { note: '情况属实' }), 204);
  assert.equal(ok(await aud.get(`${api}/grants?to_review=true`)).items.length, 0);
  ok(await sec.post(`${api}/grants/${glass.id}/end`, {}), 204);
});

test('a colleague on leave lends his scope, not only his roles, until it ends', async () => {
  const lender = await server.as('sales3'), colleague = await server.as('sales1');
  const customer = await lender.create('customer', company({ person_name: '马超', mobile: mobile() }));
  const at = `${api}/records/customer/${customer.id}`;
  problem(await colleague.get(at), 404, 'not_found');
  const loan = ok(await lender.post(`${api}/grants`, { why: 'leave', to: 10, roles: ['sales'], until: Date.now() + 3600e3, reason: '休假' }), 201);
  const seen = await until('the loan', async () => { const a = await colleague.get(at); return a.status === 200 && a.json; });
  assert.equal(seen.person_name, '马超');
  const why = async (who) => ok(await who.post(`${api}/why`, { user: 10, object: 'customer', id: customer.id, act: 'view' }));
  const told = await until('the loan in the why', async () => { const w = await why(sec); return w.lent.length === 1 && w; });
  assert.equal(told.answers[0].decision, 'deny');
  assert.deepEqual([told.lent[0].name, told.lent[0].roles, told.lent[0].answers[0].decision],
    [ok(await lender.get(`${api}/me`)).name, ['sales'], 'allow']);
  assert.equal((await why(colleague)).lent[0].answers[0].decision, 'allow');
  ok(await colleague.patch(at, { remark: '代为跟进' }, seen._version));
  problem(await colleague.delete(at, (await colleague.read('customer', customer.id))._version), 403, 'denied');
  ok(await lender.post(`${api}/grants/${loan.id}/end`, {}), 204);
  await until('its end', async () => (await colleague.get(at)).status === 404);
  await until('its end in the why', async () => (await why(sec)).lent.length === 0);
});

test('leaving is one act: everything ends, the leader hands the records on', async () => {
  const sales = server.client();
  await sales.signIn('session1', password);
  const customer = await sales.create('customer', company({ person_name: '黄忠', mobile: mobile() }));
  const key = ok(await sales.post(`${api}/keys`, { label: 'sync', roles: ['sales'], expires_at: new Date(Date.now() + 86400e3).toISOString() }), 201).key;
  const before = ok(await sys.get(`${api}/people/27`));
  assert.equal(before.keys, 1);
  assert.deepEqual(before.holds.find((h) => h.object === 'customer'), { object: 'customer', label: { zh: '客户', en: 'Customer' }, count: 1 });
  ok(await sys.post(`${api}/people/27/leave`, { to: 11, note: '今日离职' }), 204);
  assert.equal((await sales.get(`${api}/me`)).status, 401);
  assert.equal((await sales.get(`${api}/me`, { headers: { cookie: '', authorization: `Bearer ${key}` } })).status, 401);
  const gone = ok(await sys.get(`${api}/people/27`));
  assert.deepEqual([gone.sessions, gone.keys, gone.document.disabled, gone.document.left.to], [0, 0, true, 11]);
  const manager = await server.as('manager');
  const waiting = await until('the handover', async () => ok(await manager.get(`${api}/handovers`)).items.find((i) => i.user === 27));
  assert.equal(waiting.to, 11);
  const rows = (await manager.query('customer', { where: { field: 'owner', op: 'eq', value: 27 } })).items;
  assert.deepEqual(rows.map((r) => r.id), [customer.id]);
  const moved = ok(await manager.post(`${api}/records/customer/bulk`, { act: 'transfer', items: rows.map((r) => ({ id: r.id, version: r._version, fields: { owner: 11 } })) }), 207);
  assert.equal(moved.items[0].status, 200, JSON.stringify(moved));
  assert.equal(ok(await sys.get(`${api}/people/27`)).holds.length, 0);
  sales.close();
});

const rowsOf = async (who, user, object = 'customer') => (await who.query(object, { where: { field: 'owner', op: 'eq', value: user } })).items;
const overAll = (who, id, key) => until('the handover', async () => {
  const run = ok(await who.get(`${api}/handovers`)).runs.find((r) => r.id === id);
  return run[key].length && run[key].every((p) => ['done', 'failed', 'cancelled'].includes(p.job.state)) && run;
});

test('a leader hands a person\'s records on in turn, what belongs to a customer goes with him, and gives all of it back', async () => {
  const sales = await server.as('sales2'), manager = await server.as('manager');
  const rule = { from: 11, to: [10, 14] };
  const customers = [];
  for (let i = 0; i < 4; i++) customers.push(await sales.create('customer', company({ mobile: mobile(), region: i < 2 ? '330100' : '310000' })));
  for (const c of customers) await sales.create('contact', { customer: c.id, person_name: '联系人', mobile: mobile() });
  const held = (await rowsOf(manager, 11)).length;
  problem(await sales.post(`${api}/handovers`, rule), 403, 'not_your_duty');
  problem(await manager.post(`${api}/handovers`, { from: 11, to: [] }), 400, 'invalid', 'to');
  problem(await manager.post(`${api}/handovers`, { from: 11, to: [1] }), 422, 'reference_missing', 'to');
  const { id } = ok(await manager.post(`${api}/handovers`, rule), 202);
  const run = await overAll(manager, id, 'jobs');
  const part = (object, key = 'jobs', of = run) => of[key].find((p) => p.object === object).job;
  assert.deepEqual([part('customer').state, part('customer').result], ['done', { moved: held, kept: 0 }]);
  assert.equal((await rowsOf(manager, 11)).length, 0);
  const owners = new Map();
  for (const c of customers) owners.set(c.id, (await manager.read('customer', c.id)).owner);
  assert.equal([...owners.values()].filter((o) => o === 10 || o.id === 10).length, 2, JSON.stringify([...owners.values()]));
  const contacts = [...await rowsOf(manager, 10, 'contact'), ...await rowsOf(manager, 14, 'contact')].filter((k) => owners.has(k.customer?.id ?? k.customer));
  assert.equal(contacts.length, 4);
  for (const k of contacts) assert.deepEqual(k.owner, owners.get(k.customer?.id ?? k.customer));
  problem(await manager.post(`${api}/handovers`, rule), 409, 'handover_empty');
  ok(await manager.patch(`${api}/records/customer/${customers[0].id}`, { owner: 28 }, (await manager.read('customer', customers[0].id))._version));
  problem(await (await server.as('sales3')).post(`${api}/handovers/${id}/undo`, {}), 404, 'not_found');
  ok(await manager.post(`${api}/handovers/${id}/undo`, {}), 202);
  const back = await overAll(manager, id, 'undo');
  assert.deepEqual(part('customer', 'undo', back).result, { undone: held - 1, kept: 1 });
  assert.equal((await rowsOf(manager, 11)).length, held - 1);
  problem(await manager.post(`${api}/handovers/${id}/undo`, {}), 409, 'handover_undone');
  const byRegion = ok(await manager.post(`${api}/handovers`, { from: 11, to: [14], field: 'region', cases: [{ value: '31', to: 10 }], objects: ['customer'] }), 202);
  await overAll(manager, byRegion.id, 'jobs');
  const at = async (i) => { const o = (await manager.read('customer', customers[i].id)).owner; return o.id ?? o; };
  assert.deepEqual([await at(1), await at(2), await at(3)], [14, 10, 10]);
  ok(await manager.post(`${api}/handovers/${byRegion.id}/undo`, {}), 202);
  await overAll(manager, byRegion.id, 'undo');
});

test('what somebody owned goes along when he moves, or stays: his old leader hands on what is of his departments, and no more', async () => {
  const sales = await server.as('sales2'), manager = await server.as('manager'), post = { from: 1, until: null, main: true };
  const left = await sales.create('customer', company({ mobile: mobile() }));
  ok(await sys.patch(`${api}/people/11`, { posts: [{ ...post, department: 4 }] }));
  await until('the move', async () => (await me(sales)).department.id === 4);
  const taken = await sales.create('customer', company({ mobile: mobile() }));
  assert.equal((await sales.read('customer', left.id)).owner.id, 11); // it went along, and stands where it was made
  assert.equal((await manager.read('customer', left.id)).department.id, 3);
  const rule = { from: 11, to: [10], objects: ['customer'] };
  problem(await manager.post(`${api}/handovers`, rule), 403, 'not_your_duty');
  problem(await (await server.as('sales3')).post(`${api}/handovers`, { ...rule, within: true }), 409, 'handover_empty');
  assert.deepEqual(ok(await manager.get(`${api}/handovers`)).leads, [3]);
  const { id } = ok(await manager.post(`${api}/handovers`, { ...rule, within: true }), 202);
  await overAll(manager, id, 'jobs');
  assert.equal((await manager.read('customer', left.id)).owner.id, 10);
  assert.equal((await sales.read('customer', taken.id)).owner.id, 11);
  ok(await manager.post(`${api}/handovers/${id}/undo`, {}), 202);
  await overAll(manager, id, 'undo');
  assert.equal((await manager.read('customer', left.id)).owner.id, 11);
  ok(await sys.patch(`${api}/people/11`, { posts: [{ ...post, department: 3 }] }));
});

test('who changes posts is told before what stays behind, offers it, and the old leader takes it in one click', async () => {
  const sales = await server.as('sales1'), manager = await server.as('manager'), other = await server.as('sales3');
  const post = { from: 1, until: null, main: true };
  const left = await Promise.all([0, 1, 2, 3, 4].map(() => sales.create('customer', company({ mobile: mobile() }))));
  ok(await sales.post(`${api}/records/contact`, { customer: left[0].id, person_name: '联系人', mobile: mobile() }), 201);
  const held = (await rowsOf(manager, 10)).length;
  const change = { posts: [{ ...post, department: 4 }] };
  const effect = ok(await sys.post(`${api}/people/10/preview`, change));
  assert.deepEqual(effect.leaves.map((l) => [l.department, l.heads]), [[3, [{ id: 14, name: '刘洋' }]]]);
  const told = (object) => effect.leaves[0].records.find((r) => r.object === object)?.records;
  assert.deepEqual([told('customer'), told('contact')], [held, null]); // one contact: fewer than five are not told
  const later = ok(await sys.post(`${api}/people/10/preview`, { posts: [{ ...post, department: 3, until: Date.now() + 86400e3 }, { ...post, department: 4, from: Date.now() + 86400e3, main: false }] }));
  assert.ok(Date.parse(later.leaves[0].at) > Date.now() + 86000e3, JSON.stringify(later.leaves));
  assert.deepEqual(ok(await sys.post(`${api}/people/10/preview`, { posts: [{ ...post, department: 3 }] })).leaves, []);
  const mine = (more = {}) => ({ from: 10, department: 3, to: [11], ...more });
  problem(await sales.post(`${api}/handovers/offers`, mine()), 422, 'former_department', 'department');
  ok(await sys.patch(`${api}/people/10`, change));
  await until('the move', async () => (await me(sales)).department.id === 4);
  const kept = await sales.create('customer', company({ mobile: mobile() }));

  // told at once, and no more than that
  const moved = ok(await manager.get(`${api}/handovers`)).moved.filter((m) => m.user === 10);
  assert.deepEqual(moved.map((m) => [m.name, m.department]), [['王芳', 3]]);
  assert.ok(Math.abs(Date.parse(moved[0].at) - Date.now()) < 60e3);
  assert.deepEqual(ok(await other.get(`${api}/handovers`)).moved, []);
  assert.deepEqual(ok(await sales.get(`${api}/handovers`)).former.map((f) => f.department), [3]);

  // a salesperson may not transfer: he offers
  problem(await sales.post(`${api}/handovers`, mine()), 409, 'handover_empty');
  problem(await sales.post(`${api}/handovers/offers`, mine({ from: 11, to: [28] })), 403, 'not_your_duty');
  problem(await sales.post(`${api}/handovers/offers`, mine({ department: 4 })), 422, 'former_department', 'department');
  problem(await sales.post(`${api}/handovers/offers`, mine({ department: 6 })), 409, 'handover_empty');
  problem(await sales.post(`${api}/handovers/offers`, mine({ department: 0 })), 400, 'invalid', 'department');
  problem(await sales.post(`${api}/handovers/offers`, mine({ to: [1] })), 422, 'reference_missing', 'to');
  problem(await sales.post(`${api}/handovers/offers`, mine({ within: true })), 400, 'invalid', 'within');
  ok(await sales.post(`${api}/handovers/offers`, mine({ to: [28] })), 201);
  const { id } = ok(await sales.post(`${api}/handovers/offers`, mine()), 201); // the second thought counts
  assert.deepEqual(ok(await sales.get(`${api}/handovers`)).offered.map((o) => [o.id, o.rule.to]), [[id, [11]]]);
  const [offer] = ok(await manager.get(`${api}/handovers`)).offers;
  assert.deepEqual([offer.id, offer.user, offer.name, offer.department, offer.rule], [id, 10, '王芳', 3, { from: 10, department: 3, to: [11] }]);
  assert.deepEqual(ok(await other.get(`${api}/handovers`)).offers, []);
  problem(await other.delete(`${api}/handovers/offers/${id}`), 404, 'not_found');
  problem(await sales.delete(`${api}/handovers/offers/3.11`), 404, 'not_found');
  assert.equal((await manager.read('customer', left[0].id)).owner.id, 10); // an offer moves nothing

  ok(await manager.delete(`${api}/handovers/offers/${id}`), 204); // turned down
  assert.deepEqual(ok(await sales.get(`${api}/handovers`)).offered, []);
  ok(await sales.post(`${api}/handovers/offers`, mine()), 201);
  const run = ok(await manager.post(`${api}/handovers`, { ...offer.rule, within: true }), 202);
  await overAll(manager, run.id, 'jobs');
  for (const c of left) assert.equal((await manager.read('customer', c.id)).owner.id, 11);
  assert.equal((await sales.read('customer', kept.id)).owner.id, 10);
  assert.deepEqual(ok(await manager.get(`${api}/handovers`)).offers, []);
  problem(await sales.post(`${api}/handovers/offers`, mine()), 409, 'handover_empty');
  await overAll(manager, ok(await manager.post(`${api}/handovers/${run.id}/undo`, {}), 202).id, 'undo');
  const tags = await until('the log', async () => { const t = ok(await aud.get(`${api}/audit?act=admin&limit=200`)).items.map((i) => i.tag); return t.includes('handover_offer_end 10 department 3') && t; });
  assert.equal(tags.filter((t) => t === 'handover_offer 10 department 3').length, 3);

  // with the right to transfer he hands on himself, of that department alone
  ok(await sec.patch(`${api}/people/10`, { roles: ['sales', 'branch_leader'] }));
  await until('the role', async () => (await me(sales)).roles.some((r) => r.name === 'branch_leader'));
  problem(await sales.post(`${api}/handovers`, { from: 10, to: [11] }), 403, 'not_your_duty');
  problem(await sales.post(`${api}/handovers`, mine({ department: 4, to: [12] })), 422, 'former_department', 'department');
  problem(await sales.post(`${api}/handovers`, mine({ from: 28 })), 403, 'not_your_duty');
  const own = ok(await sales.post(`${api}/handovers`, mine({ objects: ['customer'] })), 202);
  await overAll(sales, own.id, 'jobs');
  for (const c of left) assert.equal((await manager.read('customer', c.id)).owner.id, 11);
  assert.equal((await sales.read('customer', kept.id)).owner.id, 10);
  ok(await sales.post(`${api}/handovers/${own.id}/undo`, {}), 202);
  await overAll(sales, own.id, 'undo');
  assert.equal((await manager.read('customer', left[0].id)).owner.id, 10);
  ok(await sec.patch(`${api}/people/10`, { roles: ['sales'] }));
  ok(await sys.patch(`${api}/people/10`, { posts: [{ ...post, department: 3 }] }));
});

test('what somebody did is told by day and object to him, his leader and the auditor, and a file of it is in the log', async () => {
  const sales = await server.as('sales1'), manager = await server.as('manager');
  const customer = await sales.create('customer', company({ mobile: mobile() }));
  await sales.read('customer', customer.id);
  problem(await (await server.as('sales3')).get(`${api}/people/10/report`), 403, 'not_your_duty');
  problem(await sec.get(`${api}/people/10/report`), 403, 'not_your_duty');
  const sum = (report, kind, object) => report.days.filter((d) => d.object === object).reduce((n, d) => n + d[kind], 0);
  const report = await until('the tallies', async () => { const r = ok(await manager.get(`${api}/people/10/report`)); return sum(r, 'changes', 'customer') > 0 && sum(r, 'views', 'customer') > 0 && r; });
  assert.equal(report.name, '王芳');
  assert.ok(report.distinct.find((d) => d.object === 'customer').records >= 1);
  assert.ok(ok(await sales.get(`${api}/people/me/report?days=7`)).user === 10);
  assert.ok(!JSON.stringify(report).includes(customer.mobile));
  const file = await aud.get(`${api}/people/10/report?format=csv`);
  assert.equal(file.status, 200);
  assert.match(file.text, /day,object,what,count\r\n[^]*,customer,views,\d+/);
  const hash = createHash('sha256').update(file.text.startsWith('\ufeff') ? file.text : `\ufeff${file.text}`).digest('hex').slice(0, 40);
  await until('its fingerprint in the log', async () => ok(await aud.get(`${api}/audit?act=admin&limit=200`)).items.some((i) => i.tag === `report 10 ${hash}`));
});

test('rights are reviewed: who is due, whose have grown', async () => {
  const due = async (state) => (await list(sec, `?state=${state}`)).items.map((p) => p.id);
  assert.ok((await due('review')).includes(12));
  problem(await sys.patch(`${api}/people/12`, { review: { at: Date.now(), roles: ['sales'] } }), 403, 'not_your_duty');
  ok(await sec.patch(`${api}/people/12`, { review: { at: Date.now(), by: 2, roles: ['sales'] } }));
  assert.ok(!(await due('review')).includes(12));
  ok(await sec.patch(`${api}/people/12`, { roles: ['sales', 'finance'] }));
  assert.ok((await due('grown')).includes(12));
});

test('each of these acts is in the log', async () => {
  const tags = await until('the index', async () => {
    const first = ok(await aud.get(`${api}/audit?limit=200`)), second = ok(await aud.get(`${api}/audit?limit=200&before=${first.next}`));
    const t = [...first.items, ...second.items].map((i) => i.tag ?? '');
    return t.some((x) => x.startsWith('leave 27')) && t;
  });
  for (const start of ['propose ', 'approve ', 'break_glass', 'grant_review ', 'grant_end ', 'user ', 'handover 11', 'handover done', 'handback 11', 'handback done'])
    assert.ok(tags.some((t) => t.startsWith(start)), `${start}: ${tags.join('; ')}`);
});

// No path by which one administrator alone gives himself a customer's data: each one is tried.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { paths } from './alone_paths.mjs';
import { ok, problem } from './client.mjs';
import { company, mobile } from './people.mjs';
import { password, root, Server } from './server.mjs';

const api = '/api/v1';
let server, sys, sec, aud, sales, customer;
before(async () => {
  server = await new Server().start();
  [sys, sec, aud, sales] = await Promise.all(['sysadmin', 'secadmin', 'auditor', 'sales1'].map((l) => server.as(l)));
  customer = await sales.create('customer', company({ person_name: '诸葛亮', mobile: mobile() }));
});
after(() => server.stop());

// However it was tried, none of the three sees anything of a customer afterwards.
async function nothingSeen() {
  for (const who of [sys, sec, aud]) {
    assert.ok([403, 404].includes((await who.get(`${api}/records/customer/${customer.id}`)).status));
    assert.ok([403, 404].includes((await who.post(`${api}/records/customer/query`, {})).status));
  }
}
const propose = (who, kind, more) => who.post(`${api}/proposals`, { kind, reason: '测试', ...more });
const items = (...list) => ({ change: { items: list } });
const user = (id, document) => ({ kind: 'user', id, document });

test('a role for oneself', async () => {
  problem(await sec.patch(`${api}/people/2`, { roles: ['boss'] }), 403, 'own_rights');
  problem(await sys.patch(`${api}/people/1`, { roles: ['boss'] }), 403, 'not_your_duty');
  problem(await aud.patch(`${api}/people/3`, { roles: ['boss'] }), 403, 'not_your_duty');
  problem(await sec.patch(`${api}/people/1`, { roles: ['boss'] }), 403, 'needs_second');
  await nothingSeen();
});

test('the duty off and a role on', async () => {
  problem(await sec.patch(`${api}/people/2`, { duties: [] }), 403, 'own_rights');
  problem(await propose(sec, 'registry', items(user(2, { duties: [], roles: ['boss'] }))), 403, 'own_rights');
  problem(await propose(sys, 'registry', items(user(1, { duties: [], roles: ['boss'] }))), 403, 'own_rights');
  // Even for another: the last of a duty stays.
  problem(await propose(sec, 'registry', items(user(1, { duties: [], roles: ['boss'] }))), 409, 'last_of_duty');
});

test('a second account', async () => {
  problem(await sec.post(`${api}/people`, { login: 'second', name: '影子' }), 403, 'not_your_duty');
  problem(await sys.post(`${api}/people`, { login: 'second', name: '影子', roles: ['boss'] }), 403, 'not_your_duty');
  problem(await sys.post(`${api}/people`, { login: 'second', name: '影子', password }), 422, 'bad_document', 'password');
  const made = ok(await sys.post(`${api}/people`, { login: 'second', name: '影子' }), 201);
  const shadow = server.client();
  problem(await shadow.post(`${api}/session`, { login: 'second', password }), 401, 'sign_in_failed');
  shadow.close();
  problem(await sys.patch(`${api}/people/${made.id}`, { roles: ['boss'] }), 403, 'not_your_duty');
  const asked = ok(await propose(sys, 'registry', items(user(made.id, { roles: ['boss'] }))), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await aud.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'not_your_duty');
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: false, note: '不认识此人' }));
});

test("another's password", async () => {
  problem(await propose(sec, 'password', { user: 20 }), 403, 'not_your_duty');
  problem(await propose(aud, 'password', { user: 20 }), 403, 'not_your_duty');
  const asked = ok(await propose(sys, 'password', { user: 20 }), 201);
  const half = server.client();
  problem(await half.post(`${api}/session`, { login: 'boss', password: asked.secret }), 401, 'sign_in_failed');
  half.close();
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  const boss = server.client();
  await boss.signIn('boss', password); // nothing has changed for him
  boss.close();
  ok(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: false }));
});

test('an API key', async () => {
  for (const who of [sys, sec, aud])
    problem(await who.post(`${api}/keys`, { label: 'k', roles: ['boss'], expires_at: new Date(Date.now() + 86400e3).toISOString() }), 403, 'not_your_duty');
});

test('a grant, the glass, a loan', async () => {
  for (const who of [sys, sec, aud]) {
    problem(await propose(who, 'grant', { user: who.me.user, change: { roles: ['boss'], hours: 1 } }), 403, 'duty_holder');
    problem(await who.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'duty_holder');
  }
  const until = Date.now() + 3600e3;
  problem(await sales.post(`${api}/grants`, { why: 'leave', to: 2, roles: ['sales'], until, reason: '休假' }), 403, 'duty_holder');
  problem(await propose(sec, 'registry', items({ kind: 'grant', document: { user: 2, roles: ['boss'], until } })), 422, 'bad_document');
  await nothingSeen();
});

test('another department, another scope', async () => {
  problem(await sys.patch(`${api}/people/1`, { department: 3, manages: [1] }), 403, 'own_rights');
  problem(await sec.patch(`${api}/people/2`, { department: 3 }), 403, 'not_your_duty');
  await nothingSeen();
});

test('a wider role, a higher budget, a lower class', async () => {
  const roles = ok(await sec.get(`${api}/roles`)).items;
  const boss = roles.find((r) => r.name === 'boss');
  problem(await sys.patch(`${api}/roles/${boss.id}`, boss.document), 403, 'not_your_duty');
  // The security administrator may shape roles; none of them is his.
  ok(await sec.patch(`${api}/roles/${boss.id}`, { ...boss.document, break_glass_hours: 4 }));
  problem(await sec.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'duty_holder');
  assert.notEqual((await sys.patch(`${api}/objects/customer/fields/mobile`, { class: 'public' })).status, 200);
  await nothingSeen();
});

const secret = /诸葛亮|1380\d{7}/; // what the customer is called, and numbers like his
const refused = (answer) => {
  assert.ok([400, 403, 404, 405, 409, 415, 422, 428, 429].includes(answer.status), `${answer.status}: ${answer.text.slice(0, 300)}`);
  assert.doesNotMatch(answer.text, secret);
};

test('records, whichever way they are asked for', async () => {
  const at = `${api}/records/customer`, one = `${at}/${customer.id}`;
  for (const who of [sys, sec, aud]) {
    for (const path of [at, `${at}?deleted=true`, `${at}/groups?by=status`, one, `${one}/history`, `${one}/timeline`, `${api}/conflicts`]) {
      const answer = await who.get(path);
      if (answer.status === 200) assert.deepEqual(answer.json.items, [], path);
      else refused(answer);
    }
    refused(await who.post(`${at}/query`, {}));
    refused(await who.post(at, company()));
    refused(await who.post(`${at}/bulk`, { act: 'transfer', items: [{ id: customer.id, version: 1, fields: { owner: who.me.user } }] }));
    refused(await who.patch(one, { owner: who.me.user }, 1));
    refused(await who.delete(one, 1));
    refused(await who.post(`${one}/restore`));
    refused(await who.post(`${one}/reveal`, { fields: ['mobile'], reason: '测试测试' }));
    assert.deepEqual(ok(await who.post(`${api}/suggest`, { text: '诸葛亮', limit: 5 })).items, []);
    refused(await who.post(`${api}/conflicts/${randomUUID()}`, { resolution: 'merged' }));
    refused(await who.post(`${api}/views/customer`, { name: 'v', shared: true, fields: ['mobile'], sort: [], where: null }));
    refused(await who.patch(`${api}/views/customer/${randomUUID()}`, { name: 'v' }));
    refused(await who.delete(`${api}/views/customer/${randomUUID()}`));
  }
});

test('policies of his own', async () => {
  const { text, number } = ok(await sec.get(`${api}/policies/current`));
  const mine = `${text}\n@id("mine") permit (principal == User::"2", action, resource);`;
  const unforbidden = text.replace(/@id\("duty-[a-z-]+-no-records"\)[^;]*;/g, '');
  assert.notEqual(unforbidden, text);
  for (const wider of [mine, unforbidden, `${unforbidden}\n@id("mine") permit (principal in Role::"security_admin", action, resource);`]) {
    for (const who of [sys, aud]) refused(await who.post(`${api}/policies`, { text: wider, note: '测试', based_on: number }));
    const asked = ok(await sec.post(`${api}/policies`, { text: wider, note: '测试', based_on: number }), 201);
    assert.equal(asked.state, 'waiting');
    for (const who of [sys, sec, aud]) refused(await who.post(`${api}/policies/${asked.number}/approve`, {}));
    assert.equal(ok(await sec.get(`${api}/policies`)).in_force, number);
    await nothingSeen();
    ok(await sec.post(`${api}/policies/${asked.number}/reject`, { note: '撤回' }));
  }
  // Looking at what they would do names nobody's customer.
  for (const path of ['policies/check', 'policies/preview']) assert.doesNotMatch((await sec.post(`${api}/${path}`, { text: mine })).text, secret);
  assert.doesNotMatch((await sec.post(`${api}/policies/matrix`, { role: 'security_admin' })).text, secret);
  assert.doesNotMatch((await sec.post(`${api}/why`, { user: 10, object: 'customer', id: customer.id, field: 'mobile' })).text, secret);
  for (const who of [sys, aud]) for (const path of ['policies/check', 'policies/preview', 'policies/matrix']) refused(await who.post(`${api}/${path}`, { text: mine, role: 'boss' }));
});

test('a role from a ready pack', async () => {
  const boss = ok(await sec.get(`${api}/roles`)).items.find((r) => r.name === 'boss').document;
  for (const who of [sys, aud]) refused(await who.post(`${api}/roles`, { ...boss, id: undefined, name: 'mine' }));
  ok(await sec.post(`${api}/roles`, { name: 'mine', label: boss.label, ceiling: boss.ceiling, match: boss.match, budget: boss.budget }), 201);
  const { text, in_force } = ok(await sec.post(`${api}/policies/matrix`, { role: 'mine', like: 'boss' }));
  const asked = ok(await sec.post(`${api}/policies`, { text, note: '测试', based_on: in_force }), 201);
  assert.equal(asked.state, 'waiting');
  refused(await sec.post(`${api}/policies/${asked.number}/approve`, {}));
  problem(await sec.patch(`${api}/people/2`, { roles: ['mine'] }), 403, 'own_rights');
  refused(await sec.post(`${api}/policies/matrix`, { role: 'security_admin', like: 'boss' })); // a role of duty is not begun anew
  ok(await sec.post(`${api}/policies/${asked.number}/reject`, { note: '撤回' }));
  await nothingSeen();
});

test('a post, a lead, a reporting line', async () => {
  const post = { department: 3, from: 1, until: null, main: true, leads: true };
  refused(await sys.patch(`${api}/people/1`, { posts: [post] }));
  refused(await sec.patch(`${api}/people/2`, { posts: [post] }));
  refused(await sec.patch(`${api}/people/2`, { post_roles: { 1: ['boss'] } }));
  refused(await sys.patch(`${api}/people/10`, { post_roles: { 1: ['boss'] } }));
  // Nor by a straw man's hand: who is named leader, or is staff, is not one administrator's word.
  problem(await sys.patch(`${api}/people/10`, { posts: [post] }), 403, 'needs_second');
  problem(await sys.patch(`${api}/people/10`, { manages: [3] }), 403, 'needs_second');
  problem(await sys.post(`${api}/people`, { login: 'strawman', name: '代理', manages: [3] }), 403, 'needs_second');
  // Somebody may come to report to him: a duty's holder sees nothing by it.
  const made = ok(await sys.post(`${api}/people`, { login: 'reporting', name: '汇报人' }), 201);
  ok(await sys.patch(`${api}/people/${made.id}`, { posts: [{ ...post, leads: false, reports_to: 1 }] }));
  assert.doesNotMatch((await sys.post(`${api}/people/10/preview`, { posts: [{ ...post, reports_to: 1 }] })).text, secret);
  await nothingSeen();
});

test('a head of department and his own request', async () => {
  const manager = await server.as('manager');
  const asked = ok(await propose(manager, 'grant', { user: 14, change: { roles: ['boss'], hours: 1 } }), 201);
  problem(await manager.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'not_your_duty');
  ok(await manager.post(`${api}/proposals/${asked.id}/decide`, { approve: false, note: '撤回' }));
  // Asked for by one of his people, decided by the very person who asked: nor that.
  const his = ok(await propose(manager, 'grant', { user: 10, change: { roles: ['boss'], hours: 1 } }), 201);
  problem(await manager.post(`${api}/proposals/${his.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await sales.post(`${api}/proposals/${his.id}/decide`, { approve: true }), 403, 'not_your_duty');
  ok(await manager.post(`${api}/proposals/${his.id}/decide`, { approve: false, note: '撤回' }));
});

test('a partner of his own', async () => {
  const until = Date.now() + 30 * 86400e3;
  refused(await sys.post(`${api}/people`, { login: 'mine', name: '伙伴', kind: 'partner', sponsor: 10, until, roles: ['boss'] }));
  const made = ok(await sys.post(`${api}/people`, { login: 'mine', name: '伙伴', kind: 'partner', sponsor: 10, until }), 201);
  // The sponsor renews and confirms the training; roles and the way in are not his to give.
  problem(await sales.patch(`${api}/people/${made.id}`, { roles: ['boss'] }), 403, 'not_your_duty');
  problem(await sales.patch(`${api}/people/${made.id}`, { kind: 'staff' }), 403, 'not_your_duty');
  problem(await sys.patch(`${api}/people/${made.id}`, { kind: 'staff' }), 403, 'needs_second');
  refused(await propose(sales, 'password', { user: made.id }));
  const guest = server.client();
  problem(await guest.post(`${api}/session`, { login: 'mine', password }), 401, 'sign_in_failed');
  guest.close();
  await nothingSeen();
});

test('a list of people', async () => {
  const octets = { headers: { 'content-type': 'application/octet-stream' } };
  const csv = '登录名,姓名,部门,职务,起始日期,负责人,角色,职责\nsysadmin,系统管理员,1,总监,2026-01-01,是,boss,\nleading,领队,1,总监,2026-01-01,是,,\nfromlist,名单来的,1,总监,2026-01-01,否,boss,security_admin\n';
  for (const who of [sec, aud]) for (const path of ['import/preview', 'import']) refused(await who.post(`${api}/people/${path}`, csv, octets));
  const plan = ok(await sys.post(`${api}/people/import/preview`, csv, octets));
  assert.deepEqual(plan.items.filter((i) => i.effect === 'refused').map((i) => i.reason), ['duty_holder', 'needs_second']);
  ok(await sys.post(`${api}/people/import`, csv, octets));
  const one = ok(await sys.get(`${api}/people?q=fromlist`)).items[0].document;
  assert.deepEqual([one.roles ?? [], one.duties ?? []], [[], []]);
  await nothingSeen();
});

test('single sign-on and mails', async () => {
  const document = { name: { zh: '我的', en: 'Mine' }, enabled: true, issuer: 'https://idp.example', client_id: 'k', hosts: ['idp.example'], networks: ['10.0.0.0/8'], link_mail: true };
  for (const who of [sys, aud]) problem(await propose(who, 'sign_on', { change: { provider: 0, document } }), 403, 'not_your_duty');
  const asked = ok(await propose(sec, 'sign_on', { change: { provider: 0, document } }), 201);
  problem(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  assert.deepEqual(ok(await server.client().get(`${api}/session/sso`)).providers, []);
  for (const who of [sys, sec, aud]) {
    refused(await who.post(`${api}/sso/providers/1/secret`, { secret: 'x' }));
    refused(await who.post(`${api}/me/sso/begin`, { provider: 1, password }));
    refused(await who.post(`${api}/me/sso`, { state: 'x', code: 'x' }));
    refused(await who.post(`${api}/session/sso/begin`, { provider: 1 }));
    refused(await who.post(`${api}/session/sso`, { state: 'x', code: 'x' }));
  }
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: false, note: '撤回' }));
  // A mail that one person wrote finds nobody: the confirmation is another's, and not by the writer's hand.
  refused(await sys.patch(`${api}/people/20`, { mail: 'mine@example.com', mail_confirmed: true }));
  ok(await sys.patch(`${api}/people/20`, { mail: 'mine@example.com' }));
  assert.ok(!ok(await sys.get(`${api}/people/20`)).document.mail_confirmed);
  refused(await sec.patch(`${api}/people/20`, { mail: 'mine@example.com', mail_confirmed: true, roles: ['boss'], login: 'mine2' }));
  await nothingSeen();
});

test('records handed on to him', async () => {
  for (const who of [sys, sec, aud]) {
    refused(await who.post(`${api}/handovers`, { from: 10, to: [who.me.user] }));
    refused(await who.post(`${api}/handovers/${randomUUID()}/undo`));
    refused(await who.post(`${api}/handovers/offers`, { from: 10, department: 3, to: [who.me.user] }));
    refused(await who.post(`${api}/handovers/offers`, { from: who.me.user, department: 3, to: [11] }));
    assert.deepEqual(ok(await who.get(`${api}/handovers`)).items, []);
  }
  problem(await (await server.as('manager')).post(`${api}/handovers`, { from: 10, to: [1] }), 422, 'reference_missing', 'to');
  const made = ok(await sys.post(`${api}/people`, { login: 'goes', name: '要走的人', department: 3 }), 201);
  await sys.post(`${api}/people/${made.id}/leave`, { to: 1, note: '交给我' });
  refused(await sys.post(`${api}/handovers`, { from: made.id, to: [1] }));
  await nothingSeen();
});

test('a revocation undone, a review of himself', async () => {
  const item = { user: 13, kind: 'role', right: 'sales', ref: 0 };
  for (const who of [sys, aud]) for (const path of ['preview', 'take']) refused(await who.post(`${api}/rights/${path}`, { items: [item], note: '测试' }));
  assert.doesNotMatch((await sec.post(`${api}/rights/preview`, { items: [item], note: '测试' })).text, secret);
  assert.equal(ok(await sec.post(`${api}/rights/take`, { items: [item], note: '测试' })).items[0].outcome, 'done');
  problem(await sec.patch(`${api}/people/2`, { roles: ['sales'] }), 403, 'own_rights');
  ok(await sec.patch(`${api}/people/13`, { roles: ['sales'] })); // back to whom it was taken from
  const self = ok(await sec.post(`${api}/rights/take`, { items: [{ user: 2, kind: 'duty', right: 'security_admin', ref: 0 }], note: '测试' })).items[0];
  assert.equal(self.outcome, 'refused', JSON.stringify(self));
  problem(await sec.patch(`${api}/people/2`, { review: { at: Date.now(), by: 2, roles: ['boss'] } }), 403, 'own_rights');
  await nothingSeen();
});

test("others' sessions and factors", async () => {
  const boss = await server.as('boss');
  refused(await sys.delete(`${api}/sessions/${boss.me.session ?? randomUUID()}`));
  refused(await aud.delete(`${api}/users/20/sessions`));
  for (const who of [sec, aud]) {
    const asked = await propose(who, 'factor', { user: 20 });
    if (asked.status !== 201) refused(asked);
    else {
      problem(await who.post(`${api}/proposals/${asked.json.id}/decide`, { approve: true }), 403, 'own_proposal');
      ok(await who.post(`${api}/proposals/${asked.json.id}/decide`, { approve: false, note: '撤回' }));
    }
  }
  await nothingSeen();
});

test('imports, jobs and definitions', async () => {
  const no = randomUUID();
  for (const who of [sys, sec, aud]) {
    refused(await who.post(`${api}/imports`, { object: 'customer', file_name: 'a.csv', size: 10 }));
    for (const path of ['preview', 'check', 'start', 'undo']) refused(await who.post(`${api}/imports/${no}/${path}`, {}));
    refused(await who.request('PUT', `${api}/imports/${no}/parts/0`, { body: Buffer.from('x'), headers: { 'content-type': 'application/octet-stream' } }));
    for (const path of [`imports/${no}`, `imports/${no}/rejects`, `jobs/${no}`, `jobs/${no}/events`]) refused(await who.get(`${api}/${path}`));
    refused(await who.post(`${api}/jobs/${no}/cancel`));
  }
  for (const who of [sec, aud]) {
    refused(await who.post(`${api}/objects`, { name: 'mine', label: { zh: '我', en: 'Mine' }, fields: [] }));
    refused(await who.post(`${api}/objects/customer/fields`, { name: 'mine', label: { zh: '我', en: 'Mine' }, type: 'text', class: 'public' }));
  }
  await nothingSeen();
});

const notHis = (answer) => {
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}: ${answer.text.slice(0, 300)}`);
  assert.doesNotMatch(answer.text, secret);
};

test('provisioning', async () => {
  const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'scimmed', roles: [{ value: 'boss' }] };
  for (const who of [sys, sec, aud]) {
    for (const path of ['Users', 'Users/10']) notHis(await who.get(`/scim/v2/${path}`));
    notHis(await who.post('/scim/v2/Users', user));
    notHis(await who.post('/scim/v2/Users/.search', {}));
    notHis(await who.request('PUT', '/scim/v2/Users/10', { body: user }));
    notHis(await who.request('PATCH', '/scim/v2/Users/10', { body: { Operations: [] } }));
    notHis(await who.delete('/scim/v2/Users/10'));
    notHis(await who.post(`${api}/scim/keys/1/token`));
  }
  await nothingSeen();
});
// ---- the table of routes ----

const source = readFileSync(join(root, 'src/api/route_table.c'), 'utf8');
const routes = [...source.matchAll(/\{"(GET|POST|PUT|PATCH|DELETE)",\s*"([^"]+)",\s*[^,]+,\s*api_\w+,\s*"(\w+)"/g)].map(([, method, path, id]) => ({ method, path, id }));

test('a review of rights of his own gives nobody a role', async () => {
  const open = { title: '自己的复核', scope: { kinds: ['duty'] }, reviewers: { named: [2] }, at_due: 'show', due_days: 1, repeat_months: 0 };
  for (const who of [sys, aud]) refused(await who.post(`${api}/reviews`, open));
  const id = ok(await sec.post(`${api}/reviews`, open), 201).id;
  const mine = ok(await sec.get(`${api}/reviews/${id}`)).lines.find((l) => l.user === sec.me.user);
  refused(await sec.post(`${api}/reviews/${id}/answer`, { lines: [{ user: mine.user, n: mine.n }], answer: 'keep', reason: '自己' }));
  ok(await sec.post(`${api}/reviews/${id}/change`, { from: 0, to: sec.me.user }), 204);
  refused(await sec.post(`${api}/reviews/${id}/answer`, { lines: [{ user: mine.user, n: mine.n }], answer: 'change', reason: '自己', instead: 'boss' }));
  const carried = ok(await sec.post(`${api}/reviews/${id}/carry`, { lines: [{ user: mine.user, n: mine.n }] })).items[0];
  assert.equal(carried.outcome, 'refused');
  for (const who of [sys, aud]) refused(await who.post(`${api}/reviews/${id}/carry`, { lines: [{ user: mine.user, n: mine.n }] }));
  assert.doesNotMatch((await sec.get(`${api}/reviews/${id}/report?format=json`)).text, secret);
  ok(await sec.post(`${api}/reviews/${id}/close`, { sign: false, note: '试验' }), 204);
});

test('every route of the server stands in alone_paths.mjs, with a test or a reason', () => {
  assert.equal(routes.length, [...source.matchAll(/^ {4}\{"/gm)].length, 'each line of the table is read');
  assert.deepEqual(routes.map((r) => r.id).filter((id) => paths[id] === undefined), [], 'routes without a line: say how an administrator alone might use them, and try it');
  assert.deepEqual(Object.keys(paths).filter((id) => !routes.some((r) => r.id === id)), [], 'lines without a route');
  const names = [...readFileSync(join(root, 'tests/api/people_alone.test.mjs'), 'utf8').matchAll(/^test\((['"])(.*?)\1, /gm)].map((m) => m[2]);
  for (const [id, line] of Object.entries(paths)) {
    const [kind, rest] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)];
    assert.ok(kind === 'because' ? rest.length > 10 : kind === 'test' && names.some((n) => n.startsWith(rest)), `${id}: ${line}`);
  }
});

test('what he may look at names no customer', async () => {
  const fill = (path, value) => path.replace(/\{(\w+)\}/g, (_, name) => ({ object: 'customer', seq: '5', version: 'current', field: 'mobile' })[name] ?? value);
  const asked = routes.filter((r) => r.method === 'GET' && !r.path.endsWith('/events'));
  for (const r of asked) {
    for (const value of r.path.includes('{') ? ['10', customer.id] : ['']) {
      for (const who of [sys, sec, aud]) {
        const answer = await who.get(fill(r.path, value));
        assert.ok(answer.status < 500 || answer.status === 503, `${r.id}: ${answer.status} ${answer.text.slice(0, 200)}`);
        assert.doesNotMatch(answer.text, secret, r.id);
      }
    }
  }
});

test('a provisioning key, asked for, approved and used by one hand, or lent an administrator', async () => {
  const document = { label: 'k', expires_at: new Date(Date.now() + 86400e3).toISOString() };
  const asked = ok(await propose(sys, 'scim', { change: { key: 0, document } }), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await sys.post(`${api}/scim/keys/1/token`), 404, 'not_found');
  problem(await propose(sec, 'scim', { change: { key: 0, document } }), 403, 'not_your_duty');
  // Even with one that two have made: no administrator, no role, no department of somebody's.
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
  const { token } = ok(await sys.post(`${api}/scim/keys/1/token`));
  const c = server.client();
  const scim = (method, path, body) => c.request(method, `/scim/v2${path}`, { body, headers: { authorization: `Bearer ${token}` } });
  assert.equal((await scim('PATCH', '/Users/1', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'add', path: 'roles', value: [{ value: 'boss' }] }] })).status, 404);
  const made = ok(await scim('POST', '/Users', { userName: 'made.by.key', roles: [{ value: 'boss' }], groups: [{ value: 'boss' }] }), 201);
  const { document: stored } = ok(await sys.get(`${api}/people/${made.id}`));
  assert.deepEqual([stored.roles, stored.duties, stored.department], [[], [], undefined]);
  c.close();
  await nothingSeen();
});

test('a directory server set, given a password, read and imported from by one hand', async () => {
  const document = { name: 'd', enabled: true, host: '10.0.0.1', port: 636, security: 'ldaps', bind_dn: 'cn=x', people_base: 'dc=x', people_filter: '(uid=*)', attributes: { id: 'entryUUID', login: 'uid', name: 'cn' }, department_by: 'none' };
  problem(await propose(sec, 'ldap', { change: { directory: 0, document } }), 403, 'not_your_duty');
  const asked = ok(await propose(sys, 'ldap', { change: { directory: 0, document } }), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  for (const who of [sys, sec, aud]) {
    const at = `${api}/ldap/directories/1`;
    for (const answer of [await who.post(`${at}/secret`, { secret: 'x' }), await who.post(`${at}/read`, {}), await who.get(`${at}/preview?read=x`), await who.post(`${at}/import`, { read: 'x', suspend: [10] })])
      assert.ok([403, 404].includes(answer.status), answer.text);
  }
  await nothingSeen();
});

test('executives named by himself, a role of theirs for himself or an accomplice', async () => {
  const document = ok(await sec.get(`${api}/sign-in`)).company;
  const high_risk = { rights: { roles: ['boss'], approval: true } };
  ok(await sec.patch(`${api}/company`, { ...document, high_risk }), 204); // more is asked: he may
  const now = ok(await sec.get(`${api}/sign-in`)).company;
  problem(await sec.patch(`${api}/company`, { ...now, high_risk: {} }), 403, 'needs_second');
  problem(await sec.patch(`${api}/people/12`, { roles: ['sales', 'boss'] }), 403, 'needs_second');
  problem(await sec.patch(`${api}/people/20`, { roles: ['boss', 'finance'] }), 403, 'needs_second');
  problem(await sys.patch(`${api}/people/20`, { department: 3 }), 403, 'needs_second');
  problem(await sales.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'needs_second');
  const asked = ok(await propose(sec, 'registry', items(user(12, { roles: ['sales', 'boss'] }))), 201);
  problem(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  problem(await sales.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'not_your_duty');
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: false, note: '撤回' }));
  await nothingSeen();
});

test('every refusal is in the log under the name of who tried', async () => {
  const page = ok(await aud.get(`${api}/audit?limit=200&act=refuse`));
  const actors = new Set(page.items.map((i) => i.actor));
  assert.ok(page.items.length > 10 && actors.size >= 2, JSON.stringify([...actors]));
});

// Rights of executives in the register of high-risk acts: whichever way they would change, it is asked what the
// register says, and nobody does it alone; what shuts somebody out is done at once.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { otp } from './otp.mjs';
import { password, root, Server, until } from './server.mjs';

const api = '/api/v1';
const BOSS = 20; // has the role boss; 19 head_office; 14 leads department 3
const rights = { roles: ['boss', 'head_office'], reason: true, second_factor_minutes: 15, approval: true };
const WANTED = { act: 'rights', reason: false, second_factor_minutes: 15 };
const because = { headers: { 'x-reason': encodeURIComponent('董事会决议调整') } };
const octets = { headers: { 'content-type': 'application/octet-stream' } };
let server, folder, sys, sec, aud, boss;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedun-executives-'));
  chmodSync(folder, 0o755); // the roles are users of their own
  const text = readFileSync(join(root, 'tests/api/company.txt'), 'utf8');
  const named = text
    .replace('company 1 {"budget":{}}', `company 1 ${JSON.stringify({ budget: {}, high_risk: { rights } })}`)
    .replace('role 9 {"name":"boss",', 'role 9 {"name":"boss","break_glass_hours":4,"by_leader":true,');
  assert.ok(named.includes('high_risk') && named.includes('break_glass_hours'));
  const file = join(folder, 'company.txt');
  writeFileSync(file, named);
  server = await new Server({ company: file }).start();
  [sys, sec, aud, boss] = await Promise.all(['sysadmin', 'secadmin', 'auditor', 'boss'].map((who) => server.as(who)));
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function enrol(c) {
  const { secret } = ok(await c.post(`${api}/me/factors/totp`, { password }));
  ok(await c.post(`${api}/me/factors/totp/confirm`, { code: otp(secret) }));
  c.csrf = ok(await c.get(`${api}/me`)).csrf;
}
// Somebody's session without, and one with a fresh second factor.
async function withFactor(login) {
  const c = server.client();
  await c.signIn(login, password);
  await enrol(c);
  return c;
}
const propose = (who, kind, more, o) => who.post(`${api}/proposals`, { kind, reason: '董事会决议调整', ...more }, o);
const user = (id, document) => ({ change: { items: [{ kind: 'user', id, document }] } });
const decide = (who, id, approve = true) => who.post(`${api}/proposals/${id}/decide`, { approve, note: '同意' });
const person = async (id = BOSS) => ok(await sys.get(`${api}/people/${id}`)).document;
const role = async (name) => ok(await sec.get(`${api}/roles`)).items.find((r) => r.name === name);
async function newest(start) {
  return until(`an entry that begins with ${start}`, async () =>
    ok(await aud.get(`${api}/audit?act=admin&limit=50`)).items.find((i) => (i.tag ?? '').startsWith(start) && i.has_detail));
}
async function company(high_risk) {
  const document = ok(await sec.get(`${api}/sign-in`)).company;
  return { ...document, high_risk };
}

test('nobody changes an executive’s rights alone, by any way; reason and factor make no difference to that', async () => {
  const until90 = Date.now() + 3600e3;
  const before = await person();
  const posts = [{ department: 1, position: '董事长', from: Date.now() - 1e6, main: true }];
  const alone = async (who, id, document) => problem(await who.patch(`${api}/people/${id}`, document, undefined, because), 403, 'needs_second');
  await alone(sec, BOSS, { roles: ['boss', 'sales'] });
  await alone(sec, BOSS, { roles: [] });
  await alone(sec, 10, { roles: ['sales', 'boss'] }); // comes to be one
  await alone(sec, 19, { roles: ['sales'] });
  await alone(sys, BOSS, { department: 2 });
  await alone(sys, BOSS, { posts });
  await alone(sys, BOSS, { posts: [{ ...posts[0], reports_to: 14 }] });
  await alone(sys, BOSS, { manages: [3] });
  await alone(sys, BOSS, { login: 'boss2' });
  await alone(sys, BOSS, { mail: 'other@example.com' });
  await alone(sys, BOSS, { kind: 'partner', sponsor: 10, until: Date.now() + 86400e3 });
  // Roles for a time: lent, taken in an emergency; the roles themselves.
  problem(await boss.post(`${api}/grants`, { why: 'leave', to: 10, roles: ['boss'], until: until90, reason: '休假代办' }), 403, 'needs_second');
  const sales = await server.as('sales1');
  problem(await sales.post(`${api}/grants`, { why: 'break_glass', roles: ['boss'], hours: 1, reason: '紧急' }), 403, 'needs_second');
  const { id, document } = await role('boss');
  for (const change of [{ break_glass_hours: 5 }, { ceiling: { personal: 'masked', sensitive: 'masked' } }, { budget: { masked: { day: 1 }, clear: { day: 1 }, lookups: { day: 1 } } }, { by_leader: false }])
    problem(await sec.patch(`${api}/roles/${id}`, { ...document, ...change }, undefined, because), 403, 'needs_second');
  problem(await sec.patch(`${api}/roles/${id}`, { ...document, name: 'owner' }), 409, 'role_is_executive', 'name');
  problem(await propose(sec, 'registry', { change: { items: [{ kind: 'role', id, document: { ...document, name: 'owner' } }] } }), 409, 'role_is_executive');
  ok(await sec.patch(`${api}/roles/${id}`, { ...document, label: { zh: '老板', en: 'Owner' } }));
  // Several at once, from a list, by a machine.
  const csv = `登录名,邮箱\nboss,new@example.com\nsales2,li@example.com\n`;
  const plan = ok(await sys.post(`${api}/people/import/preview`, csv, octets));
  assert.deepEqual(plan.items.map((i) => [i.name, i.effect, i.reason]), [['boss', 'refused', 'executive'], ['sales2', 'changed', '']]);
  assert.deepEqual(await person(), before);
  // His name is no right, and what others have is as ever.
  ok(await sys.patch(`${api}/people/${BOSS}`, { name: '老板' }));
  ok(await sec.patch(`${api}/people/${BOSS}`, { mail_confirmed: true })); // of no mail: nothing
  ok(await sec.patch(`${api}/people/11`, { roles: ['sales', 'service'] }));
  ok(await sec.patch(`${api}/people/11`, { roles: ['sales'] }));
});

let secFresh, sysFresh;
test('proposed and approved each with a factor of one’s own; the entry names the act and has the reason sealed', async () => {
  const asked = await propose(sec, 'registry', user(BOSS, { roles: ['boss', 'head_office'] }));
  assert.deepEqual(problem(asked, 403, 'second_factor_required').required, WANTED);
  problem(await propose(sys, 'password', { user: BOSS, change: {} }), 403, 'second_factor_required');
  problem(await propose(sec, 'factor', { user: BOSS, change: {} }), 403, 'second_factor_required');
  problem(await propose(await server.as('sales1'), 'grant', { user: 10, change: { roles: ['boss'], hours: 1 } }), 403, 'second_factor_required');
  problem(await propose(boss, 'grant', { user: 10, change: { roles: ['boss'], hours: 1, loan: true } }), 403, 'second_factor_required');
  problem(await propose(sec, 'grant', { user: BOSS, change: { roles: ['finance'], hours: 1 } }), 403, 'second_factor_required');
  [secFresh, sysFresh] = [await withFactor('secadmin'), await withFactor('sysadmin')];
  const { id } = ok(await propose(secFresh, 'registry', user(BOSS, { roles: ['boss', 'head_office'] })), 201);
  problem(await decide(secFresh, id), 403, 'own_proposal');
  problem(await decide(boss, id), 403, 'not_your_duty');
  assert.deepEqual(problem(await decide(aud, id), 403, 'second_factor_required').required, WANTED);
  assert.deepEqual((await person()).roles, ['boss']);
  ok(await decide(sysFresh, id));
  assert.deepEqual((await person()).roles, ['boss', 'head_office']);
  const entry = await newest(`approve ${id} registry`);
  assert.equal(entry.tag, `approve ${id} registry 0 high_risk rights 1 p${id}`);
  assert.equal(ok(await aud.get(`${api}/audit/${entry.seq}`)).detail, '董事会决议调整');
  const past = await until('it is among the acts of the past', async () =>
    ok(await aud.get(`${api}/high-risk/acts?act=rights`)).items.find((i) => i.seq === entry.seq));
  assert.deepEqual([past.actor.id, past.count, past.reason, past.approvals], [sys.me.user, 1, 'here', [id]]);
  // Another security administrator is no second for the first one: it takes another duty.
  const back = ok(await propose(secFresh, 'registry', user(BOSS, { roles: ['boss'] })), 201).id;
  const listed = ok(await sec.get(`${api}/proposals`)).items.find((p) => p.id === back);
  assert.equal(listed.may_decide, false);
  ok(await decide(sysFresh, back));
});

test('one-time passwords and lost factors of an executive ask both for theirs', async () => {
  for (const [kind, by, second] of [['password', sysFresh, secFresh], ['factor', secFresh, sysFresh]]) {
    const { id } = ok(await propose(by, kind, { user: BOSS, change: {} }), 201);
    const other = kind === 'password' ? await old('secadmin') : await old('sysadmin');
    problem(await decide(other, id), 403, 'second_factor_required');
    ok(await decide(second, id, false));
  }
});
// A session that has shown its factor at sign-in is fresh; one of before the set-up is not.
const old = async (login) => (login === 'secadmin' ? sec : sys);

test('a loan of an executive’s role, and a role of his for a time, are given by a security administrator', async () => {
  const fresh = await withFactor('boss');
  problem(await propose(fresh, 'grant', { user: 10, change: { roles: ['sales'], hours: 2, loan: true } }), 403, 'not_your_role', 'roles');
  problem(await propose(fresh, 'grant', { user: BOSS, change: { roles: ['boss'], hours: 2, loan: true } }), 403, 'duty_holder');
  const { id } = ok(await propose(fresh, 'grant', { user: 10, change: { roles: ['boss'], hours: 2, loan: true } }), 201);
  problem(await decide(await server.as('manager'), id), 403, 'not_your_duty'); // by_leader, but not for this
  problem(await decide(sec, id), 403, 'second_factor_required');
  ok(await decide(secFresh, id));
  const grants = async () => ok(await sec.get(`${api}/grants`)).items;
  const loan = (await grants()).find((g) => g.user === 10 && g.from === BOSS);
  assert.deepEqual([loan.why, loan.roles], ['leave', ['boss']]);
  assert.equal((await newest(`approve ${id} grant`)).tag, `approve ${id} grant 10 high_risk rights 1 p${id}`);
  // While he has it he is one: his department, too.
  problem(await sys.patch(`${api}/people/10`, { department: 4 }, undefined, because), 403, 'needs_second');
  // Its end is at once, for a reason; who lent it gives none.
  assert.deepEqual(problem(await sec.post(`${api}/grants/${loan.id}/end`, {}), 403, 'reason_required').required,
    { act: 'rights', reason: true, second_factor_minutes: null });
  assert.equal((await sec.post(`${api}/grants/${loan.id}/end`, { note: '误用' })).status, 204);
  const again = ok(await propose(fresh, 'grant', { user: 10, change: { roles: ['boss'], hours: 2, loan: true } }), 201).id;
  ok(await decide(secFresh, again));
  const second = (await grants()).find((g) => g.user === 10 && g.from === BOSS && !g.ended);
  assert.equal((await boss.post(`${api}/grants/${second.id}/end`, {})).status, 204);
  ok(await sys.patch(`${api}/people/10`, { department: 4 }));
  ok(await sys.patch(`${api}/people/10`, { department: 3 }));
});

test('what takes rights away in bulk and what a review decided goes the same way', async () => {
  const item = { user: BOSS, kind: 'role', right: 'boss', ref: 0 };
  const take = (who, items) => who.post(`${api}/rights/take`, { items, note: '岗位调整' });
  assert.deepEqual(problem(await take(sec, [item]), 403, 'second_factor_required').required, WANTED);
  const mixed = ok(await take(sec, [{ user: 28, kind: 'role', right: 'sales', ref: 0 }, item])).items;
  assert.deepEqual(mixed.map((i) => [i.outcome, i.code]), [['done', null], ['refused', 'second_factor_required']]);
  const [proposed] = ok(await take(secFresh, [item])).items;
  assert.equal(proposed.outcome, 'proposed');
  ok(await decide(sysFresh, proposed.proposal, false));
  const open = { title: '高管复核', scope: { kinds: ['role'], role: 'boss' }, reviewers: { named: [19] }, at_due: 'show', due_days: 1, repeat_months: 0 };
  const review = ok(await sec.post(`${api}/reviews`, open), 201).id;
  const line = ok(await sec.get(`${api}/reviews/${review}`)).lines.find((l) => l.user === BOSS && l.name === 'boss');
  const lines = [{ user: BOSS, n: line.n }];
  ok(await (await server.as('head')).post(`${api}/reviews/${review}/answer`, { lines, answer: 'take_away', reason: '不再需要' }), 204);
  problem(await sec.post(`${api}/reviews/${review}/carry`, { lines }), 403, 'second_factor_required');
  const [carried] = ok(await secFresh.post(`${api}/reviews/${review}/carry`, { lines })).items;
  assert.equal(carried.outcome, 'proposed');
  ok(await decide(sysFresh, carried.proposal, false));
  assert.deepEqual((await person()).roles, ['boss']);
});

test('a provisioning key shuts an executive’s account and changes nothing else of his', async () => {
  const asked = ok(await propose(sys, 'scim', { change: { key: 0, document: { label: 'k', expires_at: new Date(Date.now() + 86400e3).toISOString() } } }), 201);
  ok(await decide(sec, asked.id));
  const { token } = ok(await sys.post(`${api}/scim/keys/1/token`));
  const c = server.client();
  const patch = (path, value) => c.request('PATCH', `/scim/v2/Users/19`, {
    headers: { authorization: `Bearer ${token}` },
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'replace', path, value }] },
  });
  assert.equal((await patch('userName', 'head2')).status, 403);
  assert.equal((await patch('emails', [{ value: 'head@example.com' }])).status, 403);
  assert.equal((await patch('displayName', '何总')).status, 200);
  assert.equal((await patch('active', false)).status, 200);
  assert.equal((await patch('active', true)).status, 403);
  assert.equal((await person(19)).disabled, true);
  c.close();
});

test('suspending, leaving and ending sessions wait for nobody; opening an account again does', async () => {
  assert.deepEqual(problem(await sys.patch(`${api}/people/${BOSS}`, { disabled: true }), 403, 'reason_required').required,
    { act: 'rights', reason: true, second_factor_minutes: null });
  const mine = await server.as('boss');
  ok(await sec.delete(`${api}/users/${BOSS}/sessions`));
  problem(await mine.get(`${api}/me`), 401, 'unauthenticated');
  ok(await sys.patch(`${api}/people/${BOSS}`, { disabled: true }, undefined, because));
  const entry = await newest(`user ${BOSS}`);
  assert.equal(entry.tag, `user ${BOSS}`, 'no high-risk act');
  assert.equal(ok(await aud.get(`${api}/audit/${entry.seq}`)).detail, '董事会决议调整');
  problem(await sys.patch(`${api}/people/${BOSS}`, { disabled: false }, undefined, because), 403, 'needs_second');
  const again = ok(await propose(sysFresh, 'registry', user(BOSS, { disabled: false })), 201).id;
  ok(await decide(secFresh, again));
  assert.notEqual((await person()).disabled, true);
  const [done] = ok(await sys.post(`${api}/rights/orphans/end`, { users: [19], act: 'leave', note: '离职' })).items;
  assert.equal(done.outcome, 'done', JSON.stringify(done));
  problem(await sys.post(`${api}/people/${BOSS}/leave`, { to: 0, note: '' }), 403, 'reason_required');
  ok(await sys.post(`${api}/people/${BOSS}/leave`, { to: 0, note: '' }, because), 204);
});

test('the register names roles that there are, and asks for less by two only; without approval one is enough, for a reason and a factor', async () => {
  const put = async (high_risk, who = sec) => who.patch(`${api}/company`, await company(high_risk));
  problem(await put({ rights: { ...rights, roles: ['boss', 'emperor'] } }), 422, 'bad_document', 'rights');
  problem(await put({ rights: { ...rights, above: 3 } }), 422, 'bad_document', 'rights');
  for (const less of [{}, { rights: { ...rights, roles: ['boss'] } }, { rights: { ...rights, reason: false } }, { rights: { ...rights, second_factor_minutes: 30 } }, { rights: { ...rights, approval: false } }])
    problem(await put(less), 403, 'needs_second');
  ok(await put({ rights: { ...rights, roles: ['boss', 'head_office', 'branch_leader'] } }), 204);
  const { approval, ...one } = rights;
  const document = await company({ rights: one });
  const { id } = ok(await propose(sec, 'registry', { change: { items: [{ kind: 'company', id: 1, document }] } }), 201);
  ok(await decide(sys, id));
  const to = { roles: ['sales', 'boss'] };
  assert.deepEqual(problem(await sec.patch(`${api}/people/12`, to), 403, 'second_factor_required').required,
    { act: 'rights', reason: true, second_factor_minutes: 15 });
  problem(await sec.patch(`${api}/people/12`, to, undefined, because), 403, 'second_factor_required');
  problem(await secFresh.patch(`${api}/people/12`, to), 403, 'reason_required');
  ok(await secFresh.patch(`${api}/people/12`, to, undefined, because));
  const entry = await newest('user 12');
  assert.equal(entry.tag, 'user 12 high_risk rights 1');
  assert.equal(ok(await aud.get(`${api}/audit/${entry.seq}`)).detail, '董事会决议调整');
  // Of an executive who lends his role himself it is asked, too.
  const zhao = await server.as('sales3');
  const lend = (who) => who.post(`${api}/grants`, { why: 'leave', to: 11, roles: ['boss'], until: Date.now() + 3600e3, reason: '休假代办' });
  problem(await lend(zhao), 403, 'second_factor_required');
  ok(await lend(await withFactor('sales3')), 201);
  assert.equal((await newest('lend 11')).tag, 'lend 11 high_risk rights 1');
  const csv = '登录名,邮箱\nsales3,zhao@example.com\n';
  const plan = ok(await sys.post(`${api}/people/import/preview`, csv, octets));
  assert.deepEqual(plan.items.map((i) => i.effect), ['changed']);
  problem(await sys.post(`${api}/people/import?version=${plan.version}`, csv, octets), 403, 'second_factor_required');
  ok(await sysFresh.post(`${api}/people/import?version=${plan.version}`, csv, { headers: { ...octets.headers, ...because.headers } }));
  assert.match((await newest('import 1 of people')).tag, / high_risk rights 1$/);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Server, password, until } from './server.mjs';

let server;
before(async () => (server = await new Server().start()));
after(() => server.stop());

test('signing in answers who one is and sets a cookie that scripts and other sites do not get', async () => {
  const c = server.client();
  const answer = await c.signIn('sales1', password);
  const [cookie] = answer.headers['set-cookie'];
  for (const part of [/^__Host-kedun=[\w-]{43};/, /; Path=\//, /; Secure/, /; HttpOnly/, /; SameSite=Strict/])
    assert.match(cookie, part);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const me = ok(await c.get('/api/v1/me'));
  assert.equal(me.login, 'sales1');
  assert.equal(me.user, 10);
  assert.deepEqual(me.department, { id: 3, name: '杭州销售一部' });
  assert.deepEqual(me.branch, { id: 2, name: '杭州分公司' });
  assert.deepEqual(me.roles, [{ name: 'sales', label: { zh: '销售', en: 'Sales' } }]);
  assert.deepEqual(me.duties, []);
  assert.equal(me.must_change_password, false);
  assert.ok(me.acts.customer.includes('create'));
  assert.ok(!me.acts.customer.includes('delete'));
  assert.ok(Array.isArray(me.areas) && me.areas.includes('records') && !me.areas.includes('audit'));
  assert.ok(me.budgets.clear.personal.day.limit > 0);
  assert.ok(ok(await (await server.as('auditor')).get('/api/v1/me')).areas.includes('audit'));
});

test('an unknown login and a wrong password answer alike', async () => {
  const answers = [];
  for (const body of [{ login: 'finance1', password: 'wrong wrong wrong' }, { login: 'no-such-person', password: 'wrong wrong wrong' }]) {
    const a = await server.client().post('/api/v1/session', body);
    problem(a, 401, 'sign_in_failed');
    const { request_id, ...rest } = a.json;
    answers.push(rest);
  }
  assert.deepEqual(answers[0], answers[1]);
});

test('sign-in without its fields, or of the wrong kind, is refused in words', async () => {
  for (const body of [{}, { login: 'sales1' }, { login: 7, password: [] }, { login: '', password: '' }])
    problem(await server.client().post('/api/v1/session', body), 401, 'sign_in_failed');
  problem(await server.client().post('/api/v1/session', '{"login":'), 400, 'invalid_json');
  problem(await server.client().post('/api/v1/session', '[]'), 400, 'invalid_json');
});

test('a body that a foreign page could send is refused: sign-in and writes take application/json alone', async () => {
  const body = JSON.stringify({ login: 'sales1', password: 'x' });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', '']) {
    const answer = await server.client().post('/api/v1/session', body, { headers: { 'content-type': type } });
    problem(answer, 415, 'content_type');
    assert.equal(answer.headers['set-cookie'], undefined);
  }
  problem(await server.client().post('/api/v1/session', body, { headers: { 'content-type': 'Application/JSON; charset=utf-8' } }), 401, 'sign_in_failed');
  const c = await server.as('sales1');
  problem(await c.post('/api/v1/suggest', '{"text":"x"}', { headers: { 'content-type': 'text/plain' } }), 415, 'content_type');
});

test('wrong passwords slow down that login from that address, and say for how long', async () => {
  let slow;
  for (let i = 0; i < 30 && slow === undefined; i++) {
    const a = await server.client().post('/api/v1/session', { login: 'operations', password: `wrong ${i}` });
    if (a.status === 429) slow = a;
  }
  assert.ok(slow, 'thirty wrong passwords were taken at full speed');
  problem(slow, 429, 'sign_in_slow');
  assert.ok(Number(slow.headers['retry-after']) >= 1);
  await server.client().signIn('sales2', password); // somebody else is not held up
});

test('without a session nothing but the open paths answers', async () => {
  const c = server.client();
  for (const path of ['/api/v1/me', '/api/v1/objects', '/api/v1/records/customer', '/api/v1/sessions', '/api/v1/directory'])
    problem(await c.get(path), 401, 'unauthenticated');
  assert.equal((await c.get('/healthz')).status, 200);
  assert.equal((await c.get('/readyz')).status, 200);
  for (const cookie of ['__Host-kedun=', `__Host-kedun=${'A'.repeat(43)}`, '__Host-kedun=%00', 'other=1'])
    problem(await c.get('/api/v1/me', { headers: { cookie } }), 401, 'unauthenticated');
});

test('a write without the CSRF token, or with another one, is refused', async () => {
  const c = await server.as('session1');
  problem(await c.post('/api/v1/records/task', { title: 'x' }, { csrf: '' }), 403, 'csrf');
  problem(await c.post('/api/v1/records/task', { title: 'x' }, { csrf: 'A'.repeat(43) }), 403, 'csrf');
  problem(await c.post('/api/v1/records/task', { title: 'x' }, { csrf: (await server.as('sales1')).csrf }), 403, 'csrf');
});

test('a change of password needs the old one and a strong new one, rotates the token and ends the other sessions', async () => {
  const c = server.client();
  const other = server.client();
  await c.signIn('session2', password);
  await other.signIn('session2', password);
  const before = c.cookies.get('__Host-kedun');
  problem(await c.post('/api/v1/me/password', { old: 'not it at all', new: 'a fresh long password' }), 403, 'password_wrong');
  problem(await c.post('/api/v1/me/password', { old: password, new: 'short' }), 422, 'password_short');
  problem(await c.post('/api/v1/me/password', { old: password, new: 'session2-2024!' }), 422, 'password_guessable');
  problem(await c.post('/api/v1/me/password', { old: password, new: password }), 422, 'password_used_before');
  ok(await c.post('/api/v1/me/password', { old: password, new: 'a fresh long password' }), 204);
  const rotated = c.cookies.get('__Host-kedun');
  assert.notEqual(rotated, before);
  ok(await c.get('/api/v1/me'));
  problem(await c.get('/api/v1/me', { headers: { cookie: `__Host-kedun=${before}` } }), 401, 'unauthenticated');
  problem(await other.get('/api/v1/me'), 401, 'unauthenticated');
  problem(await server.client().post('/api/v1/session', { login: 'session2', password }), 401, 'sign_in_failed');
});

test('a list of breached passwords beside the keeper counts as soon as it is there', async () => {
  const c = await server.as('session1');
  const listed = 'tumble orchid forty-six';
  const line = `${createHash('sha1').update(listed).digest('hex').toUpperCase()}:12`;
  const lines = ['0'.repeat(40) + ':3', line, 'F'.repeat(40) + ':1'].sort();
  writeFileSync(join(server.data, 'state/breached.txt'), lines.join('\r\n') + '\r\n', { mode: 0o644 });
  problem(await c.post('/api/v1/me/password', { old: password, new: listed }), 422, 'password_breached');
  assert.deepEqual(ok(await c.get('/api/v1/sign-in')).passwords.profile, 'modern');
  assert.equal(ok(await c.get('/api/v1/sign-in')).breached, undefined);
  assert.equal(ok(await (await server.as('secadmin')).get('/api/v1/sign-in')).breached.present, true);
  rmSync(join(server.data, 'state/breached.txt'));
});

test("the company's rules for passwords are the security administrator's to change, and hold at once", async () => {
  const rules = (passwords) => ({ sign_in: { passwords } });
  const sec = await server.as('secadmin');
  const c = await server.as('session1');
  problem(await c.patch('/api/v1/company', rules({ profile: 'modern' })), 403, 'not_your_duty');
  problem(await (await server.as('sysadmin')).patch('/api/v1/company', rules({ profile: 'modern' })), 403, 'not_your_duty');
  problem(await sec.patch('/api/v1/company', rules({ profile: 'dengbao3', days: 60 })), 422, 'bad_document', 'version');
  const version = async () => ok(await sec.get('/api/v1/sign-in')).company.version;
  const first = await version();
  problem(await sec.patch('/api/v1/company', { version: first, ...rules({ profile: 'lax' }) }), 422, 'bad_document');
  ok(await sec.patch('/api/v1/company', { version: first, ...rules({ profile: 'dengbao3', days: 60 }) }), 204);
  problem(await sec.patch('/api/v1/company', { version: first }), 409, 'company_changed', 'version');
  assert.equal(ok(await c.get('/api/v1/sign-in')).passwords.days, 60);
  problem(await c.post('/api/v1/me/password', { old: password, new: 'tumble orchid forty-six' }), 422, 'password_kinds');
  ok(await sec.patch('/api/v1/company', { version: await version() }), 204);
});

test('own sessions are listed and can be ended; those of others are unknown', async () => {
  const a = server.client();
  const b = server.client();
  await a.signIn('session1', password);
  await b.signIn('session1', password);
  const { items } = ok(await a.get('/api/v1/sessions'));
  assert.equal(items.filter((s) => s.current).length, 1);
  const other = items.filter((s) => !s.current).map((s) => s.id);
  assert.ok(other.length >= 1);
  for (const s of items) {
    assert.match(s.signed_in_at, /^\d{4}-\d\d-\d\dT/);
    assert.equal(s.address, '127.0.0.1');
  }
  const mine = ok(await b.get('/api/v1/sessions')).items.find((s) => s.current).id;
  problem(await (await server.as('sales1')).delete(`/api/v1/sessions/${mine}`), 404, 'not_found');
  problem(await a.delete('/api/v1/sessions/not-an-id'), 404, 'not_found');
  ok(await a.delete(`/api/v1/sessions/${mine}`), 204);
  problem(await b.get('/api/v1/me'), 401, 'unauthenticated');
  ok(await a.get('/api/v1/me'));
});

test('signing in again in the same browser ends the session that it had', async () => {
  const c = server.client();
  await c.signIn('session1', password);
  const former = `__Host-kedun=${c.cookies.get('__Host-kedun')}`;
  await c.signIn('sales2', password);
  problem(await server.client().get('/api/v1/me', { headers: { cookie: former } }), 401, 'unauthenticated');
  assert.equal(ok(await c.get('/api/v1/me')).login, 'sales2');
  // A cookie that stands for nothing keeps nobody out.
  ok(await server.client().post('/api/v1/session', { login: 'session1', password }, { headers: { cookie: former } }));
});

test('signing out ends the session and clears the cookie', async () => {
  const c = server.client();
  await c.signIn('session1', password);
  const cookie = `__Host-kedun=${c.cookies.get('__Host-kedun')}`;
  const answer = await c.delete('/api/v1/session');
  ok(answer, 204);
  assert.equal(c.cookies.size, 0);
  problem(await c.get('/api/v1/me', { headers: { cookie } }), 401, 'unauthenticated');
});

test('an API key works as a bearer token without CSRF, within the roles it was made for', async () => {
  const c = await server.as('sales1');
  const expires = new Date(Date.now() + 3600e3).toISOString();
  const made = ok(await c.post('/api/v1/keys', { label: 'test', roles: ['sales'], expires_at: expires }), 201);
  const program = server.client();
  const headers = { authorization: `Bearer ${made.key}` };
  ok(await program.get('/api/v1/records/customer', { headers }));
  ok(await program.post('/api/v1/records/customer/query', {}, { headers }));
  problem(await program.get('/api/v1/me', { headers: { cookie: `__Host-kedun=${made.key}` } }), 401, 'unauthenticated');
  problem(await c.post('/api/v1/keys', { label: 'more', roles: ['boss'], expires_at: expires }), 403, 'not_your_role');
  // Whoever steals it shuts nobody out, nor learns where its owner is signed in.
  const sessions = ok(await c.get('/api/v1/sessions')).items;
  problem(await program.get('/api/v1/sessions', { headers }), 403, 'persons_only');
  problem(await program.post('/api/v1/sessions/end', { password: 'x' }, { headers }), 403, 'persons_only');
  problem(await program.delete(`/api/v1/sessions/${sessions[0].id}`, undefined, { headers }), 403, 'persons_only');
  assert.equal(ok(await c.get('/api/v1/sessions')).items.length, sessions.length);
  ok(await c.delete(`/api/v1/sessions/${made.id}`), 204);
  problem(await program.get('/api/v1/records/customer', { headers }), 401, 'unauthenticated');
});

test('keys are listed to their owner with making, use and expiry, never with their secret, and end when revoked', async () => {
  const c = await server.as('sales2');
  const expires_at = new Date(Date.now() + 3600e3).toISOString();
  const made = ok(await c.post('/api/v1/keys', { label: '报表', roles: ['sales'], expires_at }), 201);
  const other = ok(await c.post('/api/v1/keys', { label: 'other', roles: ['sales'], expires_at }), 201);
  const program = server.client();
  const headers = { authorization: `Bearer ${made.key}` };
  const before = ok(await c.get('/api/v1/keys')).items;
  assert.deepEqual(before.map((k) => k.label).sort(), ['other', '报表']);
  assert.ok(before.every((k) => k.used_at === null && Date.parse(k.made_at) <= Date.now()));
  assert.equal(Date.parse(before[0].expires_at), Date.parse(expires_at));
  await until('the clock past its making', async () => before.every((k) => Date.now() > Date.parse(k.made_at)));
  ok(await program.get('/api/v1/me', { headers }));
  const answer = await c.get('/api/v1/keys');
  assert.ok(answer.json.items.find((k) => k.id === made.id).used_at);
  assert.ok(!answer.text.includes(made.key));
  assert.ok(!ok(await c.get('/api/v1/sessions')).items.some((s) => s.id === made.id), 'a key is no session');
  problem(await (await server.as('sales1')).delete(`/api/v1/keys/${made.id}`), 404, 'not_found');
  ok(await c.delete(`/api/v1/keys/${made.id}`), 204);
  problem(await program.get('/api/v1/me', { headers }), 401, 'unauthenticated');
  assert.deepEqual(ok(await c.get('/api/v1/keys')).items.map((k) => k.id), [other.id]);
});

test("the security administrator lists and revokes another's keys; nobody else does", async () => {
  const c = await server.as('sales3');
  const expires_at = new Date(Date.now() + 3600e3).toISOString();
  const made = ok(await c.post('/api/v1/keys', { label: 'x', roles: ['sales'], expires_at }), 201);
  problem(await (await server.as('sales1')).get('/api/v1/keys?user=12'), 403, 'not_your_duty');
  problem(await (await server.as('sysadmin')).get('/api/v1/keys?user=12'), 403, 'not_your_duty');
  const admin = await server.as('secadmin');
  assert.deepEqual(ok(await admin.get('/api/v1/keys?user=12')).items.map((k) => k.id), [made.id]);
  ok(await admin.delete(`/api/v1/keys/${made.id}`), 204);
  assert.deepEqual(ok(await c.get('/api/v1/keys')).items, []);
  problem(await c.get('/api/v1/keys?user=x'), 400, 'invalid');
});

test('"me" names every act that would be granted: what is restored and revealed too', async () => {
  const acts = async (login) => ok(await (await server.as(login)).get('/api/v1/me')).acts;
  assert.ok((await acts('service1')).customer.includes('reveal'));
  const steward = (await acts('steward')).customer;
  assert.ok(steward.includes('resolve') && !steward.includes('reveal') && !steward.includes('restore'));
  assert.ok((await acts('privacy')).customer.includes('restore'));
  const c = await server.as('manager');
  assert.deepEqual((await acts('manager')).customer, ok(await c.get('/api/v1/objects/customer')).acts);
});

test('an unknown address and a wrong method are told apart, in both languages', async () => {
  const c = await server.as('sales1');
  problem(await c.get('/api/v1/nothing'), 404, 'not_found');
  problem(await c.delete('/api/v1/me'), 405, 'method_not_allowed');
  const zh = await c.get('/api/v1/nothing', { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } });
  assert.match(zh.json.title, /[一-鿿]/);
});

test('the directory names people and departments and nothing else of them', async () => {
  const d = ok(await (await server.as('sales1')).get('/api/v1/directory'));
  const me = d.users.find((u) => u.id === 10);
  assert.deepEqual(me, { id: 10, name: '王芳', department: 3, disabled: false, partner: false });
  assert.ok(d.departments.some((x) => x.id === 2 && x.branch === true));
  assert.ok(!JSON.stringify(d).includes('login'));
});

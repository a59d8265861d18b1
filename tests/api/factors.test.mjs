import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { otp } from './otp.mjs';
import { company } from './people.mjs';
import { root, Server, password } from './server.mjs';

let server;
let policies;
before(async () => {
  // The shipped policies, and one more: no reveal without a second factor shown within ten minutes.
  policies = mkdtempSync(join(tmpdir(), 'kedun-policies-'));
  chmodSync(policies, 0o755); // the roles are users of their own
  cpSync(join(root, 'policies'), policies, { recursive: true });
  writeFileSync(join(policies, 'zz_fresh.cedar'), `forbid (principal, action == Action::"reveal", resource)
unless { context has second_factor_age && context.second_factor_age < 600 };
`);
  server = await new Server({ policies }).start();
});
after(async () => {
  await server.stop();
  rmSync(policies, { recursive: true, force: true });
});

const SHOW = '/api/v1/session/second-factor';

async function enrol(c) {
  const { secret, uri } = ok(await c.post('/api/v1/me/factors/totp', { password }));
  assert.match(uri, new RegExp(`^otpauth://totp/Kedun:[\\w.-]+\\?secret=${secret}&issuer=Kedun&algorithm=SHA1&digits=6&period=30$`));
  const code = otp(secret);
  const { recovery } = ok(await c.post('/api/v1/me/factors/totp/confirm', { code }));
  c.csrf = ok(await c.get('/api/v1/me')).csrf;
  return { secret, recovery, code };
}

test('an authenticator app is set up with the password anew, and asked for from then on', async () => {
  const c = server.client();
  await c.signIn('sales2', password);
  assert.deepEqual(ok(await c.get('/api/v1/me/factors')),
    { demanded: false, totp: null, recovery: { left: 0, made_at: null }, passkeys: [] });
  problem(await c.post('/api/v1/me/factors/totp', { password: 'not it' }), 403, 'password_wrong');
  problem(await c.post('/api/v1/me/factors/totp', {}), 403, 'password_wrong');
  problem(await c.post('/api/v1/me/factors/totp/confirm', { code: '123456' }), 404, 'factor_not_begun');
  const before = c.cookies.get('__Host-kedun');
  const { secret, recovery, code } = await enrol(c);
  assert.notEqual(c.cookies.get('__Host-kedun'), before, 'a token that was known before the factor is good no more');
  assert.equal(recovery.length, 10);
  assert.equal(new Set(recovery).size, 10);
  const mine = ok(await c.get('/api/v1/me/factors'));
  assert.equal(mine.recovery.left, 10);
  assert.match(mine.totp.made_at, /^\d{4}-/);

  const half = server.client();
  const answer = await half.post('/api/v1/session', { login: 'sales2', password });
  const { me, csrf } = ok(answer);
  half.csrf = csrf;
  assert.deepEqual(Object.keys(me).sort(), ['csrf', 'login', 'must_change_password', 'name', 'second_factor_at', 'step', 'user']);
  assert.equal(me.step, 'second_factor');
  for (const path of ['/api/v1/records/customer', '/api/v1/objects', '/api/v1/sessions', '/api/v1/directory', '/api/v1/me/factors', '/api/v1/keys'])
    problem(await half.get(path), 403, 'second_factor_pending');
  problem(await half.post('/api/v1/me/password', { old: password, new: 'another long password' }), 403, 'second_factor_pending');
  problem(await half.post(SHOW, { kind: 'totp', code }), 403, 'factor_wrong'); // it confirmed the set-up
  problem(await half.post(SHOW, { kind: 'else', code: '1' }), 422, 'bad_kind');
  const token = half.cookies.get('__Host-kedun');
  const done = ok(await half.post(SHOW, { kind: 'totp', code: otp(secret, 1) }));
  half.csrf = done.csrf;
  assert.equal(done.me.step, 'done');
  assert.ok(done.me.acts.customer);
  assert.notEqual(half.cookies.get('__Host-kedun'), token);
  problem(await half.get('/api/v1/me', { headers: { cookie: `__Host-kedun=${token}` } }), 401, 'unauthenticated');
  ok(await half.get('/api/v1/records/customer'));

  const third = server.client();
  third.csrf = ok(await third.post('/api/v1/session', { login: 'sales2', password })).csrf;
  ok(await third.post(SHOW, { kind: 'recovery', code: recovery[0].toLowerCase().replaceAll('-', ' ') }));
  const fourth = server.client();
  fourth.csrf = ok(await fourth.post('/api/v1/session', { login: 'sales2', password })).csrf;
  problem(await fourth.post(SHOW, { kind: 'recovery', code: recovery[0] }), 403, 'factor_wrong');
  assert.equal(ok(await half.get('/api/v1/me/factors')).recovery.left, 9);
});

test('wrong codes make the next attempt wait', async () => {
  const c = server.client();
  await c.signIn('sales3', password);
  await enrol(c);
  let last;
  for (let i = 0; i < 8 && last?.status !== 429; i++) last = await c.post(SHOW, { kind: 'totp', code: 'wrong' });
  problem(last, 429, 'sign_in_slow');
  assert.ok(Number(last.headers['retry-after']) > 0);
});

test('a factor is removed by its owner while fresh, and reset by two administrators of different duties', async () => {
  const c = server.client();
  const older = server.client();
  await c.signIn('salescd', password);
  await older.signIn('salescd', password);
  await enrol(c);
  problem(await older.delete('/api/v1/me/factors/totp'), 403, 'second_factor_required');
  ok(await c.delete('/api/v1/me/factors/totp'), 204);
  problem(await c.delete('/api/v1/me/factors/totp'), 404, 'not_found');
  await enrol(c);
  for (const login of ['sysadmin', 'auditor', 'sales1']) {
    const other = await server.as(login);
    problem(await other.get('/api/v1/users/13/factors'), 403, 'not_your_duty');
  }
  const sec = await server.as('secadmin');
  assert.ok(ok(await sec.get('/api/v1/users/13/factors')).totp);
  const ask = (user) => sec.post('/api/v1/proposals', { kind: 'factor', user, reason: '手机遗失', change: {} });
  problem(await sec.delete('/api/v1/users/13/factors'), 405, 'method_not_allowed');
  problem(await ask(2), 403, 'own_rights');
  problem(await ask(99999), 404, 'not_found');
  const { id } = ok(await ask(13), 201);
  problem(await sec.post(`/api/v1/proposals/${id}/decide`, { approve: true, note: '' }), 403, 'own_proposal');
  ok(await c.get('/api/v1/me'));
  ok(await (await server.as('sysadmin')).post(`/api/v1/proposals/${id}/decide`, { approve: true, note: '已核实' }));
  problem(await c.get('/api/v1/me'), 401, 'unauthenticated');
  assert.equal(ok(await c.post('/api/v1/session', { login: 'salescd', password })).me.step, 'done');
});

test('what only lacks a fresh second factor is refused by a code of its own, and given once it was shown', async () => {
  const owner = await server.as('sales1');
  const { id } = ok(await owner.post('/api/v1/records/customer', company()), 201);
  const c = server.client();
  await c.signIn('service1', password);
  const reveal = () => c.post(`/api/v1/records/customer/${id}/reveal`, { fields: ['mobile'], reason: '核对来电身份' });
  problem(await reveal(), 403, 'second_factor_required');
  await enrol(c);
  ok(await reveal());
});

test('all other sessions end at once, one\'s own and, for the security administrator, anybody\'s', async () => {
  const three = [server.client(), server.client(), server.client()];
  for (const c of three) await c.signIn('session1', password);
  assert.ok(ok(await three[0].post('/api/v1/sessions/end', {})).ended >= 2);
  ok(await three[0].get('/api/v1/me'));
  for (const c of three.slice(1)) problem(await c.get('/api/v1/me'), 401, 'unauthenticated');
  for (const method of ['get', 'delete'])
    problem(await (await server.as('sales1'))[method]('/api/v1/users/27/sessions'), 403, 'not_your_duty');
  const sec = await server.as('secadmin');
  assert.equal(ok(await sec.get('/api/v1/users/27/sessions')).items.length, 1);
  assert.equal(ok(await sec.delete('/api/v1/users/27/sessions')).ended, 1);
  problem(await three[0].get('/api/v1/me'), 401, 'unauthenticated');
});

test("everybody's sessions end at once by the security administrator's hand alone; keys and his own session live on", async () => {
  const two = [server.client(), server.client()];
  for (const [i, login] of ['session1', 'finance1'].entries()) await two[i].signIn(login, password);
  const key = ok(await two[1].post('/api/v1/keys', { label: '对接', roles: ['finance'], expires_at: new Date(Date.now() + 86400e3).toISOString() }), 201);
  for (const login of ['sysadmin', 'auditor', 'boss'])
    problem(await (await server.as(login)).post('/api/v1/sessions/end-everybody', {}), 403, 'not_your_duty');
  const sec = server.client();
  await sec.signIn('secadmin', password);
  assert.ok(ok(await sec.post('/api/v1/sessions/end-everybody', {})).ended >= 3);
  for (const c of two) problem(await c.get('/api/v1/me'), 401, 'unauthenticated');
  ok(await sec.get('/api/v1/me'));
  const bearer = server.client();
  ok(await bearer.get('/api/v1/me', { headers: { authorization: `Bearer ${key.key}` } }));
  server.clients.clear();
});

// Single sign-on against a provider over loopback: there and back, who is let in, what a bent token, another browser or
// a moved address get.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Idp } from './idp.mjs';
import { Server, password } from './server.mjs';

const api = '/api/v1';
let server, idp, provider;

async function approve(document, id = 0) {
  const sec = await server.as('secadmin'), aud = await server.as('auditor');
  const asked = ok(await sec.post(`${api}/proposals`, { kind: 'sign_on', reason: '启用单点登录', change: { provider: id, document } }), 201);
  return aud.post(`${api}/proposals/${asked.id}/decide`, { approve: true });
}

const settings = async () => ok(await (await server.as('secadmin')).get(`${api}/sso/providers`)).providers;

before(async () => {
  [server, idp] = await Promise.all([new Server().start(), new Idp().start()]);
});
after(async () => {
  idp?.stop();
  await server?.stop();
});

// There and back in one browser; the answer to the last step.
async function signOn(c, { id = provider, bend = (x) => x } = {}) {
  const { url } = ok(await c.post(`${api}/session/sso/begin`, { provider: id }));
  const { code, state, iss, provider: came } = idp.authorize(url);
  return c.post(`${api}/session/sso`, bend({ code, state, iss, provider: came }));
}

async function link(login) {
  const c = server.client();
  await c.signIn(login, password);
  const { url } = ok(await c.post(`${api}/me/sso/begin`, { provider, password }));
  ok(await c.post(`${api}/me/sso`, idp.authorize(url)), 204);
  c.close();
}

test('a provider is named by two people of different duties, its secret is never shown', async () => {
  const sec = await server.as('secadmin'), sys = await server.as('sysadmin');
  const document = idp.document();
  problem(await sys.post(`${api}/proposals`, { kind: 'sign_on', reason: 'mine', change: { provider: 0, document } }), 403, 'not_your_duty');
  problem(await sec.post(`${api}/proposals`, { kind: 'sign_on', reason: 'plain', change: { provider: 0, document: { ...document, issuer: 'http://localhost' } } }), 422, 'bad_document', 'issuer');
  problem(await sec.post(`${api}/proposals`, { kind: 'sign_on', reason: 'more', change: { provider: 0, document: { ...document, secret: 'x' } } }), 422, 'bad_document');
  const asked = ok(await sec.post(`${api}/proposals`, { kind: 'sign_on', reason: '集团统一登录', change: { provider: 0, document } }), 201);
  problem(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  assert.deepEqual(ok(await server.client().get(`${api}/session/sso`)).providers, []);
  ok(await (await server.as('auditor')).post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
  const [one] = ok(await server.client().get(`${api}/session/sso`)).providers;
  assert.deepEqual(Object.keys(one).sort(), ['id', 'name']);
  provider = one.id;
  problem(await sys.post(`${api}/sso/providers/${provider}/secret`, { secret: 'x' }), 403, 'not_your_duty');
  problem(await (await server.as('sales1')).get(`${api}/sso/providers`), 403, 'not_your_duty');
  problem(await sec.post(`${api}/sso/providers/77/secret`, { secret: 'x' }), 404, 'not_found');
  ok(await sec.post(`${api}/sso/providers/${provider}/secret`, { secret: idp.client.secret }), 204);
  const answer = await sec.get(`${api}/sso/providers`);
  assert.equal(ok(answer).providers[0].secret, true);
  assert.ok(!answer.text.includes(idp.client.secret));
});

test('an identity that nobody has linked is refused with what to do; linked once, it signs in', async () => {
  idp.person = { sub: 'u-sales1', email: 'x@example.com', email_verified: true };
  problem(await signOn(server.client()), 403, 'sign_on_unknown');
  const c = server.client();
  await c.signIn('sales1', password);
  problem(await c.post(`${api}/me/sso/begin`, { provider, password: 'not it' }), 403, 'password_wrong');
  await link('sales1');
  const b = server.client();
  const answer = ok(await signOn(b));
  assert.equal(answer.me.login, 'sales1');
  assert.equal(answer.me.step, 'done');
  b.csrf = answer.csrf;
  ok(await b.get(`${api}/records/customer`));
  const { links } = ok(await b.get(`${api}/me/sso`));
  assert.deepEqual(links.map((l) => [l.provider, l.subject]), [[provider, 'u-sales1']]);
  // Somebody else can't have the same identity.
  const other = server.client();
  await other.signIn('sales2', password);
  const { url } = ok(await other.post(`${api}/me/sso/begin`, { provider, password }));
  problem(await other.post(`${api}/me/sso`, idp.authorize(url)), 409, 'sign_on_taken');
  // A thief of the session alone takes it off nobody.
  const off = (body) => b.post(`${api}/me/sso/${provider}/unlink`, body);
  problem(await off({}), 403, 'password_required', 'password');
  assert.equal(ok(await b.get(`${api}/me/sso`)).links.length, 1);
  ok(await off({ password }), 204);
  assert.deepEqual(ok(await b.get(`${api}/me/sso`)).links, []);
  await link('sales1');
});

test('every signature algorithm is taken, and a fresh key by its name', async () => {
  idp.person = { sub: 'u-sales1' };
  for (const alg of ['PS256', 'ES256', 'EdDSA', 'RS256']) {
    idp.rotate(alg);
    await approve(idp.document(), provider); // what was fetched is forgotten: no wait between fetches
    ok(await signOn(server.client()));
  }
});

test('an answer is good once, for its browser and its kind', async () => {
  const c = server.client();
  const { url } = ok(await c.post(`${api}/session/sso/begin`, { provider }));
  const back = idp.authorize(url);
  problem(await server.client().post(`${api}/session/sso`, back), 403, 'sign_on_stale'); // another browser
  const other = server.client();
  ok(await other.post(`${api}/session/sso/begin`, { provider }));
  problem(await other.post(`${api}/session/sso`, back), 403, 'sign_on_stale');
  const cookie = [...c.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
  ok(await c.post(`${api}/session/sso`, back));
  problem(await c.post(`${api}/session/sso`, back, { headers: { cookie } }), 403, 'sign_on_stale');
  for (const at of [0, 9, 18, 27, 36]) { // a digit that is another for certain, wherever it stands
    const bent = (state) => `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
    problem(await signOn(server.client(), { bend: (x) => ({ ...x, state: bent(x.state) }) }), 403, 'sign_on_stale');
  }
  problem(await signOn(server.client(), { bend: (x) => ({ ...x, code: 'made-up' }) }), 403, 'sign_on_refused');
  problem(await signOn(server.client(), { bend: ({ state }) => ({ state }) }), 403, 'sign_on_refused');
  problem(await signOn(server.client(), { bend: (x) => ({ ...x, iss: 'https://other.example' }) }), 403, 'sign_on_refused');
});

test('an answer counts only at the address of the provider that was asked', async () => {
  const [one] = (await settings()).filter((p) => p.id === provider);
  assert.equal(one.redirect, 'own');
  const far = server.client('127.0.0.9'); // whose failures hold nobody else back
  for (const came of [undefined, 0, provider + 1, String(provider)]) problem(await signOn(far, { bend: (x) => ({ ...x, provider: came }) }), 403, 'sign_on_refused');
  ok(await signOn(server.client(), { bend: ({ iss, ...x }) => x })); // at its own address it needn't name itself
  ok(await approve(idp.document({ redirect: 'shared' }), provider));
  const bare = ({ iss, ...x }) => x;
  ok(await signOn(server.client(), { bend: bare })); // nobody shares it yet
  problem(await signOn(far, { bend: (x) => ({ ...x, provider }) }), 403, 'sign_on_refused');
  ok(await approve(idp.document({ redirect: 'shared', issuer: 'https://other.example' })));
  const other = (await settings()).find((p) => p.issuer === 'https://other.example').id;
  problem(await signOn(far, { bend: bare }), 403, 'sign_on_refused');
  ok(await signOn(server.client()));
  ok(await approve(idp.document({ redirect: 'shared', issuer: 'https://other.example', enabled: false }), other));
  ok(await signOn(server.client(), { bend: bare }));
  ok(await approve(idp.document(), provider)); // what does not say so changes nothing
  assert.equal((await settings()).find((p) => p.id === provider).redirect, 'shared');
  ok(await approve(idp.document({ redirect: 'own' }), provider));
});

test('no bent token lets anybody in', async () => {
  const now = () => Math.floor(Date.now() / 1000);
  const bends = {
    iss: (c) => ({ ...c, iss: 'https://other.example' }),
    aud: (c) => ({ ...c, aud: 'another' }),
    azp: (c) => ({ ...c, aud: [idp.client.id, 'another'] }),
    'azp of another': (c) => ({ ...c, azp: 'another' }),
    nonce: (c) => ({ ...c, nonce: 'replayed' }),
    'no nonce': ({ nonce, ...c }) => c,
    exp: (c) => ({ ...c, exp: now() - 120 }),
    'no exp': ({ exp, ...c }) => c,
    'iat of yesterday': (c) => ({ ...c, iat: now() - 86400 }),
    'iat to come': (c) => ({ ...c, iat: now() + 3600 }),
    'no sub': ({ sub, ...c }) => c,
  };
  try {
    for (const [what, bend] of Object.entries(bends)) {
      idp.bend = bend;
      const answer = await signOn(server.client());
      assert.equal(answer.json?.code, 'sign_on_token', what);
    }
    idp.bend = (c) => c;
    const b64 = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
    const claims = (nonce) => b64({ iss: idp.issuer, aud: idp.client.id, iat: now(), exp: now() + 300, nonce, sub: 'u-sales1' });
    const forgeries = {
      none: (n) => `${b64({ alg: 'none' })}.${claims(n)}.`,
      'HS256 with the public key': (n) => {
        const data = `${b64({ alg: 'HS256', kid: idp.kid })}.${claims(n)}`;
        return `${data}.${createHmac('sha256', JSON.stringify(idp.jwk)).update(data).digest('base64url')}`;
      },
      'another key': (n) => {
        const { key, alg, kid, jwk } = idp;
        idp.rotate(alg);
        const stranger = { key: idp.key, alg };
        Object.assign(idp, { key, alg, kid, jwk });
        return idp.token(n, stranger);
      },
      'no token': () => 'a.b',
    };
    for (const [what, forge] of Object.entries(forgeries)) {
      idp.forge = forge;
      const answer = await signOn(server.client());
      assert.equal(answer.json?.code, 'sign_on_token', what);
    }
  } finally {
    idp.bend = (c) => c;
    idp.forge = undefined;
  }
  ok(await signOn(server.client()));
});

test("the provider's second factor counts where the company takes it, else one's own is asked for", async () => {
  const { secret, ...whole } = (await settings())[0];
  assert.equal(secret, true);
  const { id, ...document } = whole;
  ok(await approve({ ...document, second_factor: { amr: ['mfa'] }, max_age: 600 }, id));
  idp.person = { sub: 'u-sales1', amr: ['pwd'] };
  assert.equal(ok(await signOn(server.client())).me.second_factor_at, null);
  assert.equal(idp.last.get('max_age'), '600');
  idp.person = { sub: 'u-sales1', amr: ['pwd', 'mfa'] };
  assert.match(ok(await signOn(server.client())).me.second_factor_at, /^\d{4}-/);
  idp.bend = ({ auth_time, ...c }) => c;
  problem(await signOn(server.client()), 403, 'sign_on_token');
  idp.bend = (c) => ({ ...c, auth_time: c.iat - 3600 });
  problem(await signOn(server.client()), 403, 'sign_on_token');
  idp.bend = (c) => c;
  ok(await approve(idp.document(), id));
});

test('by mail only where the company says so and the provider has verified it, and mails then take two', async () => {
  const sys = await server.as('sysadmin');
  const who = { id: 12 }; // sales3
  ok(await sys.patch(`${api}/people/${who.id}`, { mail: 'Sales3@Example.com' }));
  idp.person = { sub: 'u-3', email: 'sales3@example.com', email_verified: true };
  problem(await signOn(server.client()), 403, 'sign_on_unknown');
  ok(await approve(idp.document({ link_mail: true }), provider));
  problem(await sys.patch(`${api}/people/${who.id}`, { mail: 'mine@example.com' }), 403, 'needs_second');
  idp.person.email_verified = false;
  problem(await signOn(server.client()), 403, 'sign_on_unknown');
  idp.person.email_verified = true;
  problem(await signOn(server.client()), 403, 'sign_on_unknown'); // one person alone wrote this mail
  problem(await sys.patch(`${api}/people/${who.id}`, { mail_confirmed: true }), 403, 'not_your_duty');
  ok(await (await server.as('secadmin')).patch(`${api}/people/${who.id}`, { mail_confirmed: true }));
  assert.equal(ok(await signOn(server.client())).me.login, 'sales3');
  ok(await approve(idp.document(), provider));
  idp.person = { sub: 'u-3' }; // linked for good
  assert.equal(ok(await signOn(server.client())).me.login, 'sales3');
  const sec = await server.as('secadmin');
  ok(await sec.delete(`${api}/users/${who.id}/sso/${provider}`), 204);
  assert.deepEqual(ok(await sec.get(`${api}/users/${who.id}/sso`)).links, []);
  problem(await signOn(server.client()), 403, 'sign_on_unknown');
});

test('a department that must use it signs in by nothing else, its administrators aside', async () => {
  const me = ok(await (await server.as('sales1')).get(`${api}/me`));
  const all = ok(await (await server.as('sales1')).get(`${api}/directory`));
  const top = all.departments.find((d) => !d.parent).id;
  ok(await approve(idp.document({ required: [top] }), provider));
  problem(await server.client().post(`${api}/session`, { login: 'sales1', password }), 403, 'sign_on_required');
  problem(await server.client().post(`${api}/session`, { login: 'sales1', password: 'wrong password' }), 401, 'sign_in_failed');
  idp.person = { sub: 'u-sales1' };
  assert.equal(ok(await signOn(server.client())).me.user, me.user);
  for (const login of ['secadmin', 'sysadmin']) await server.client().signIn(login, password);
  ok(await approve(idp.document(), provider));
  await server.client().signIn('sales1', password);
});

test('no address but the issuer’s own is asked, and none of this host unless it was named', async () => {
  const fetched = idp.asked.token;
  idp.metadata = { token_endpoint: 'https://169.254.169.254/token' };
  ok(await approve(idp.document(), provider));
  problem(await server.client().post(`${api}/session/sso/begin`, { provider }), 503, 'sign_on_unreachable');
  idp.metadata = { issuer: 'https://other.example' };
  ok(await approve(idp.document(), provider));
  problem(await server.client().post(`${api}/session/sso/begin`, { provider }), 503, 'sign_on_unreachable');
  idp.metadata = {};
  const { networks, ...open } = idp.document();
  assert.ok(networks);
  const before = idp.asked.metadata;
  ok(await approve(open, provider));
  problem(await server.client().post(`${api}/session/sso/begin`, { provider }), 503, 'sign_on_unreachable');
  const { ca, ...distrusting } = idp.document();
  assert.ok(ca);
  ok(await approve(distrusting, provider));
  problem(await server.client().post(`${api}/session/sso/begin`, { provider }), 503, 'sign_on_unreachable');
  assert.equal(idp.asked.metadata, before);
  assert.equal(idp.asked.token, fetched);
  ok(await approve(idp.document(), provider));
  ok(await signOn(server.client()));
});

test('each step is in the log, and who leaves signs in by nothing', async () => {
  const aud = await server.as('auditor');
  const tags = (await Promise.all(['sign_in', 'sign_in_failed', 'admin'].map(async (act) => ok(await aud.get(`${api}/audit?act=${act}&limit=200`)).items))).flat().map((i) => i.tag);
  for (const wanted of [`sign_on ${provider}`, 'sign_on_unknown', 'sign_on_stale', `sign_on link ${provider}`, `sign_on secret ${provider}`, 'sign_on_required'])
    assert.ok(tags.includes(wanted), wanted);
  const sys = await server.as('sysadmin');
  ok(await sys.post(`${api}/people/10/leave`, { to: 11, note: '离职' }), 204);
  idp.person = { sub: 'u-sales1' };
  problem(await signOn(server.client()), 403, 'sign_on_unknown');
});

// Accounts by SCIM 2.0, spoken as provisioning clients do: their published requests, over TLS, with the key alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Server, password, until } from './server.mjs';

const api = '/api/v1';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const year = () => new Date(Date.now() + 300 * 86400e3).toISOString();
let server, key, client;

async function terms(document, id = 0, approver = 'secadmin') {
  const sys = await server.as('sysadmin');
  const asked = ok(await sys.post(`${api}/proposals`, { kind: 'scim', reason: '接入集团目录', change: { key: id, document } }), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  ok(await (await server.as(approver)).post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
}
const keys = async () => ok(await (await server.as('sysadmin')).get(`${api}/scim/keys`));
const draw = async (id) => ok(await (await server.as('sysadmin')).post(`${api}/scim/keys/${id}/token`)).token;
async function makeKey(document) {
  await terms({ label: '目录', expires_at: year(), ...document });
  const [newest] = (await keys()).list.keys;
  return { id: newest.id, token: await draw(newest.id) };
}

// A provisioning client: no cookie, no CSRF token, the key and SCIM's content type.
class Scim {
  constructor(token) {
    this.c = server.client();
    this.token = token;
  }
  ask(method, path, body, headers = {}) {
    return this.c.request(method, `/scim/v2${path}`, {
      body,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers },
    });
  }
  find(filter, rest = '') {
    return this.ask('GET', `/Users?filter=${encodeURIComponent(filter)}${rest}`);
  }
  patch(id, ...Operations) {
    return this.ask('PATCH', `/Users/${id}`, { schemas: [PATCH], Operations });
  }
}

// RFC 7644 section 3.12.
function refused(answer, status, scimType) {
  const what = `${answer.status}: ${answer.text.slice(0, 400)}`;
  assert.equal(answer.status, status, what);
  assert.match(answer.headers['content-type'], /^application\/scim\+json/, what);
  assert.deepEqual(answer.json.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'], what);
  assert.equal(answer.json.status, String(status), what);
  assert.equal(answer.json.scimType, scimType, what);
  assert.ok(answer.json.detail.length > 0, what);
}

const person = (userName, more = {}) => ({
  schemas: [CORE], userName, name: { givenName: 'Wei', familyName: 'Zhang' }, emails: [{ primary: true, type: 'work', value: `${userName}@example.com` }], active: true, ...more,
});
const made = async (userName, more) => ok(await client.ask('POST', '/Users', person(userName, more)), 201);

before(async () => {
  server = await new Server().start();
  key = await makeKey({});
  client = new Scim(key.token);
});
after(() => server?.stop());

test('a key takes two people of different duties; its secret is drawn by the system administrator and shown once', async () => {
  const sys = await server.as('sysadmin'), sec = await server.as('secadmin'), aud = await server.as('auditor');
  const document = { label: 'x', expires_at: year() };
  problem(await sec.post(`${api}/proposals`, { kind: 'scim', reason: 'mine', change: { key: 0, document } }), 403, 'not_your_duty');
  for (const [bent, field] of [[{ label: '' }, 'label'], [{ expires_at: '2099-01-01T00:00:00Z' }, 'expires_at'], [{ networks: ['x'] }, 'networks'], [{ ends_a_day: 0 }, 'ends_a_day'], [{ roles: ['sales'] }, 'document']])
    problem(await sys.post(`${api}/proposals`, { kind: 'scim', reason: 'bent', change: { key: 0, document: { ...document, ...bent } } }), 422, 'bad_document', field);
  problem(await sec.post(`${api}/scim/keys/${key.id}/token`), 403, 'not_your_duty');
  problem(await (await server.as('sales1')).get(`${api}/scim/keys`), 403, 'not_your_duty');
  problem(await sys.post(`${api}/scim/keys/999/token`), 404, 'not_found');
  const answer = await aud.get(`${api}/scim/keys`);
  const [one] = ok(answer).list.keys;
  assert.equal(one.document.label, '目录');
  assert.ok(!answer.text.includes(key.token));
  assert.match(ok(answer).base, /^https:\/\/.*\/scim\/v2$/);
});

test('without a live key there is nothing, and a key is good for nothing else', async () => {
  for (const token of ['', 'x', 'A'.repeat(43)]) {
    const stranger = new Scim(token);
    const answer = await stranger.ask('GET', '/Users');
    refused(answer, 401, undefined);
    assert.match(answer.headers['www-authenticate'], /^Bearer/);
    stranger.c.close();
  }
  const c = server.client();
  const headers = { authorization: `Bearer ${key.token}` };
  problem(await c.get(`${api}/me`, { headers }), 401, 'unauthenticated');
  problem(await c.get(`${api}/records/customer`, { headers }), 401, 'unauthenticated');
  await c.signIn('sales1', password); // a session is no key
  refused(await c.get('/scim/v2/Users'), 401, undefined);
  c.close();
});

test('the server says what it supports, and that there are no groups', async () => {
  const config = ok(await client.ask('GET', '/ServiceProviderConfig'));
  assert.deepEqual([config.patch, config.bulk.supported, config.filter.supported, config.etag.supported], [{ supported: true }, false, true, true]);
  assert.equal(config.authenticationSchemes[0].type, 'oauthbearertoken');
  const types = ok(await client.ask('GET', '/ResourceTypes'));
  assert.deepEqual(types.Resources.map((r) => r.id), ['User']);
  assert.equal(ok(await client.ask('GET', '/ResourceTypes/User')).schema, CORE);
  const schemas = ok(await client.ask('GET', '/Schemas'));
  assert.deepEqual(schemas.Resources.map((r) => r.id), [CORE, ENTERPRISE]);
  assert.equal(ok(await client.ask('GET', `/Schemas/${ENTERPRISE}`)).name, 'EnterpriseUser');
  refused(await client.ask('GET', '/Groups'), 404, undefined);
  refused(await client.ask('GET', '/Schemas/x'), 404, undefined);
});

test('an Okta-like client: look, make, replace, suspend, resume', async () => {
  const none = ok(await client.find('userName eq "lin.okta@example.com"', '&startIndex=1&count=100'));
  assert.deepEqual([none.totalResults, none.Resources], [0, []]);
  const answer = await client.ask('POST', '/Users', {
    schemas: [CORE], userName: 'lin.okta@example.com', name: { givenName: 'Lin', familyName: 'Okta' }, emails: [{ primary: true, value: 'lin.okta@example.com', type: 'work' }],
    displayName: 'Lin Okta', locale: 'en-US', externalId: '00ujl29u0le5T6Aj10h7', groups: [], password: '1mz050nq', active: true,
  });
  const user = ok(answer, 201);
  assert.match(answer.headers['content-type'], /^application\/scim\+json/);
  assert.equal(answer.headers.location, user.meta.location);
  assert.equal(answer.headers.etag, user.meta.version);
  assert.match(user.meta.location, new RegExp(`/scim/v2/Users/${user.id}$`));
  assert.equal(user.externalId, '00ujl29u0le5T6Aj10h7');
  assert.ok(!answer.text.includes('1mz050nq'), 'no password comes back');
  refused(await client.ask('POST', '/Users', person('LIN.okta@example.com')), 409, 'uniqueness');
  const [found] = ok(await client.find('userName eq "Lin.Okta@example.com"')).Resources;
  assert.equal(found.id, user.id);
  const replaced = ok(await client.ask('PUT', `/Users/${user.id}`, { ...user, displayName: 'Lin O.', title: 'Buyer', active: true }));
  assert.deepEqual([replaced.displayName, replaced.title, replaced.id], ['Lin O.', 'Buyer', user.id]);
  assert.notEqual(replaced.meta.version, user.meta.version);
  assert.equal(ok(await client.patch(user.id, { op: 'replace', value: { active: false } })).active, false);
  assert.equal(ok(await client.ask('GET', `/Users/${user.id}`)).active, false);
  assert.equal(ok(await client.patch(user.id, { op: 'replace', value: { active: true } })).active, true);
  // No password: nobody signs in by the one that was sent.
  problem(await server.client().post(`${api}/session`, { login: 'lin.okta@example.com', password: '1mz050nq' }), 401, 'sign_in_failed');
});

test('an Entra-like client: capital operations, paths with filters, words for truth', async () => {
  const user = await made('chen.entra', { externalId: 'c0ffee00-0001', [ENTERPRISE]: { department: '市场部', employeeNumber: '701984' } });
  const changed = ok(await client.patch(user.id,
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'new.chen@example.com' },
    { op: 'Replace', path: 'name.familyName', value: 'Chen' },
    { op: 'Add', path: `${ENTERPRISE}:employeeNumber`, value: '701985' },
    { op: 'Add', path: 'title', value: '经理' },
    { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+86 1' }));
  assert.equal(changed.emails[0].value, 'new.chen@example.com');
  assert.equal(changed.name.familyName, 'Chen');
  assert.equal(changed.displayName, 'Wei Chen', 'a name that was made of its parts follows them');
  assert.equal(changed[ENTERPRISE].employeeNumber, '701985');
  assert.equal(changed.phoneNumbers, undefined, 'what is not kept is not shown');
  assert.equal(ok(await client.patch(user.id, { op: 'Replace', path: 'active', value: 'False' })).active, false);
  const dotted = ok(await client.patch(user.id, { op: 'Add', value: { active: 'True', 'name.givenName': 'Li', [`${ENTERPRISE}:department`]: '财务部' } }));
  assert.deepEqual([dotted.active, dotted.name.givenName, dotted[ENTERPRISE].department], [true, 'Li', '财务部']);
  assert.equal(ok(await client.patch(user.id, { op: 'Remove', path: 'title' })).title, undefined);
  assert.equal(ok(await client.find('externalId eq "c0ffee00-0001"', '&excludedAttributes=emails,name')).Resources[0].emails, undefined);
});

test('filters and pages', async () => {
  for (const n of [1, 2, 3, 4, 5]) await made(`page${n}`, { title: n % 2 ? 'odd' : 'even' });
  const logins = async (filter, rest) => ok(await client.find(filter, rest)).Resources.map((r) => r.userName);
  assert.deepEqual(await logins('userName sw "PAGE" and title eq "odd"'), ['page1', 'page3', 'page5']);
  assert.deepEqual(await logins('userName sw "page" and not (title eq "odd")'), ['page2', 'page4']);
  assert.deepEqual(await logins('userName eq "page1" or emails[type eq "work" and value co "page2@"]'), ['page1', 'page2']);
  assert.deepEqual(await logins(`${CORE}:userName ew "ge5" and title pr and externalId eq null`), ['page5']);
  assert.deepEqual(await logins('userName sw "page" and emails.value ne "page3@example.com" and active eq true'), ['page1', 'page2', 'page4', 'page5']);
  assert.deepEqual(await logins('userName sw "page" and meta.created gt "2020-01-01T00:00:00Z"', '&count=2'), ['page1', 'page2']);
  const page = ok(await client.find('userName sw "page"', '&startIndex=3&count=2'));
  assert.deepEqual([page.totalResults, page.startIndex, page.itemsPerPage, page.Resources.map((r) => r.userName)], [5, 3, 2, ['page3', 'page4']]);
  assert.deepEqual(ok(await client.find('userName sw "page"', '&count=0')).Resources, []);
  const part = ok(await client.find('userName eq "page1"', '&attributes=userName,name.givenName')).Resources[0];
  assert.deepEqual(Object.keys(part).sort(), ['id', 'name', 'schemas', 'userName']);
  assert.deepEqual(part.name, { givenName: 'Wei' });
  const searched = ok(await client.ask('POST', '/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'userName eq "page2"', attributes: ['userName'], startIndex: 1, count: 10 }));
  assert.equal(searched.Resources[0].userName, 'page2');
  for (const bent of ['userName', 'userName xx "a"', 'userName eq "a', '(userName pr', 'userName eq "a" and', 'active gt true', `${'('.repeat(40)}title pr${')'.repeat(40)}`])
    refused(await client.find(bent), 400, 'invalidFilter');
  refused(await client.ask('GET', '/Users?startIndex=x'), 400, 'invalidValue');
});

test('bent requests are refused in SCIM\'s own terms', async () => {
  const { id } = await made('bent');
  refused(await client.patch(id, { op: 'move', path: 'title', value: 'x' }), 400, 'invalidSyntax');
  refused(await client.ask('PATCH', `/Users/${id}`, { Operations: [{ op: 'add', path: 'title', value: 'x' }] }), 400, 'invalidSyntax');
  refused(await client.patch(id, { op: 'replace', path: 'title[', value: 'x' }), 400, 'invalidPath');
  refused(await client.patch(id, { op: 'replace', path: 'emails[type eq "home"].value', value: 'x@example.com' }), 400, 'noTarget');
  refused(await client.patch(id, { op: 'remove' }), 400, 'noTarget');
  refused(await client.patch(id, { op: 'replace', path: 'id', value: '1' }), 400, 'mutability');
  refused(await client.patch(id, { op: 'replace', path: 'userName', value: 'x'.repeat(64) }), 400, 'invalidValue');
  refused(await client.patch(id, { op: 'replace', path: 'active', value: 'perhaps' }), 400, 'invalidValue');
  refused(await client.ask('POST', '/Users', { schemas: [CORE] }), 400, 'invalidValue');
  refused(await client.ask('POST', '/Users', '{"userName":'), 400, 'invalidSyntax');
  refused(await client.ask('POST', '/Users', 'userName=x', { 'content-type': 'application/x-www-form-urlencoded' }), 415, undefined);
  refused(await client.ask('GET', '/Users/abc'), 404, undefined);
  refused(await client.ask('GET', '/Users/999999'), 404, undefined);
  refused(await client.ask('PUT', '/Users', {}), 405, undefined);
});

test('a version that is not the present one is refused', async () => {
  const user = await made('etag');
  const patch = { schemas: [PATCH], Operations: [{ op: 'replace', path: 'title', value: 'a' }] };
  refused(await client.ask('PATCH', `/Users/${user.id}`, patch, { 'if-match': 'W/"1"' }), 412, undefined);
  const next = ok(await client.ask('PATCH', `/Users/${user.id}`, patch, { 'if-match': user.meta.version }));
  refused(await client.ask('DELETE', `/Users/${user.id}`, undefined, { 'if-match': user.meta.version }), 412, undefined);
  ok(await client.ask('DELETE', `/Users/${user.id}`, undefined, { 'if-match': next.meta.version }), 204);
  // Two at once without a version: both come to pass, one after the other.
  const two = await made('both');
  const [a, b] = await Promise.all([client.patch(two.id, { op: 'replace', path: 'title', value: 'b' }), client.patch(two.id, { op: 'replace', path: 'externalId', value: 'x-both' })]);
  ok(a);
  ok(b);
  const both = ok(await client.ask('GET', `/Users/${two.id}`));
  assert.deepEqual([both.title, both.externalId], ['b', 'x-both']);
});

test('suspending takes sessions, keys and grants at once; only what a key suspended does a key open again', async () => {
  const sys = await server.as('sysadmin'), sec = await server.as('secadmin');
  const sales2 = ok(await client.find('userName eq "sales2"')).Resources[0];
  const c = server.client();
  await c.signIn('sales2', password);
  const made = ok(await c.post(`${api}/keys`, { label: 'k', roles: [c.me.roles[0].name], expires_at: year() }), 201);
  ok(await c.post(`${api}/grants`, { why: 'leave', to: (await server.as('sales1')).me.user, roles: [c.me.roles[0].name], until: Date.now() + 86400e3, reason: '休假一天' }), 201);
  ok(await client.patch(sales2.id, { op: 'replace', path: 'active', value: false }));
  problem(await c.get(`${api}/sessions`), 401, 'unauthenticated');
  problem(await server.client().get(`${api}/sessions`, { headers: { authorization: `Bearer ${made.key}` } }), 401, 'unauthenticated');
  problem(await server.client().post(`${api}/session`, { login: 'sales2', password }), 401, 'sign_in_failed');
  assert.ok(ok(await sys.get(`${api}/people/${sales2.id}`)).grants.every((g) => g.ended), 'his grants have ended');
  ok(await client.patch(sales2.id, { op: 'replace', path: 'active', value: true }));
  await c.signIn('sales2', password);
  // Closed by an administrator: the directory does not open it.
  ok(await sys.patch(`${api}/people/${sales2.id}`, { disabled: true }));
  refused(await client.patch(sales2.id, { op: 'replace', path: 'active', value: true }), 403, undefined);
  ok(await sys.patch(`${api}/people/${sales2.id}`, { disabled: false }));
  // Suspended by the key, then reopened and closed by hand: the old mark is no leave to open it.
  ok(await client.patch(sales2.id, { op: 'replace', path: 'active', value: false }));
  ok(await sys.patch(`${api}/people/${sales2.id}`, { disabled: false }));
  ok(await sys.patch(`${api}/people/${sales2.id}`, { disabled: true }));
  refused(await client.patch(sales2.id, { op: 'replace', path: 'active', value: true }), 403, undefined);
  ok(await sys.patch(`${api}/people/${sales2.id}`, { disabled: false }));
  assert.ok(sec);
  c.close();
});

test('DELETE is leaving: the account is gone for SCIM, its login stays its own', async () => {
  const sys = await server.as('sysadmin');
  const user = await made('leaver');
  ok(await client.ask('DELETE', `/Users/${user.id}`), 204);
  refused(await client.ask('GET', `/Users/${user.id}`), 404, undefined);
  refused(await client.ask('DELETE', `/Users/${user.id}`), 404, undefined);
  assert.equal(ok(await client.find('userName eq "leaver"')).totalResults, 0);
  refused(await client.ask('POST', '/Users', person('leaver')), 409, 'uniqueness');
  const { document } = ok(await sys.get(`${api}/people/${user.id}`));
  assert.equal(document.disabled, true);
  assert.equal(document.left.note, 'SCIM');
});

test('holders of a duty and partners do not exist for a key; roles, posts and places are beyond it', async () => {
  const sys = await server.as('sysadmin');
  const all = ok(await client.ask('GET', '/Users?count=200')).Resources;
  for (const login of ['sysadmin', 'secadmin', 'auditor']) {
    assert.ok(!all.some((u) => u.userName === login), login);
    refused(await client.ask('POST', '/Users', person(login)), 409, 'uniqueness');
    const { id } = (await server.as(login)).me;
    refused(await client.ask('GET', `/Users/${id}`), 404, undefined);
    refused(await client.patch(id, { op: 'replace', path: 'active', value: false }), 404, undefined);
    refused(await client.ask('PUT', `/Users/${id}`, person('x')), 404, undefined);
    refused(await client.ask('DELETE', `/Users/${id}`), 404, undefined);
  }
  const user = await made('greedy', { roles: [{ value: 'sales_director' }], duties: ['system_admin'], entitlements: [{ value: 'all' }], groups: [{ value: '1' }], manages: [1], [ENTERPRISE]: { department: 'no such' } });
  const { document } = ok(await sys.get(`${api}/people/${user.id}`));
  assert.deepEqual([document.roles, document.duties, document.manages, document.department, document.mail_confirmed], [[], [], undefined, undefined, undefined]);
  const before = ok(await sys.get(`${api}/people/${(await server.as('sales1')).me.user}`)).document;
  const sales1 = ok(await client.find('userName eq "sales1"')).Resources[0];
  ok(await client.patch(sales1.id, { op: 'add', value: { roles: [{ value: 'x' }], posts: [], [ENTERPRISE]: { department: '总部' } } }));
  const now = ok(await sys.get(`${api}/people/${sales1.id}`)).document;
  assert.deepEqual([now.roles, now.department, now.posts, now.manages], [before.roles, before.department, before.posts, before.manages]);
});

test('a new account stands in the department of that name, and its mail is believed where two said so', async () => {
  const sys = await server.as('sysadmin');
  const { departments } = ok(await sys.get(`${api}/directory`));
  const named = departments.find((d) => departments.filter((o) => o.name === d.name).length === 1);
  const placed = await made('placed', { [ENTERPRISE]: { department: named.name } });
  assert.equal(ok(await sys.get(`${api}/people/${placed.id}`)).document.department, named.id);
  const trusting = await makeKey({ label: '可信', trusts_mail: true });
  const other = new Scim(trusting.token);
  const user = ok(await other.ask('POST', '/Users', person('trusted')), 201);
  assert.equal(ok(await sys.get(`${api}/people/${user.id}`)).document.mail_confirmed, true);
  ok(await other.patch(user.id, { op: 'replace', path: 'emails', value: [{ value: 'evil@example.com' }] }));
  assert.equal(ok(await sys.get(`${api}/people/${user.id}`)).document.mail_confirmed, undefined, 'a mail that changes is not believed');
  other.c.close();
});

test('so many accounts a day are ended, and no more', async () => {
  const few = await makeKey({ label: '少', ends_a_day: 2 });
  const other = new Scim(few.token);
  const ids = [];
  for (const n of [1, 2, 3]) ids.push((await made(`many${n}`)).id);
  ok(await other.ask('DELETE', `/Users/${ids[0]}`), 204);
  ok(await other.patch(ids[1], { op: 'replace', path: 'active', value: false }));
  refused(await other.ask('DELETE', `/Users/${ids[2]}`), 429, undefined);
  refused(await other.patch(ids[2], { op: 'replace', path: 'active', value: false }), 429, undefined);
  ok(await other.patch(ids[2], { op: 'replace', path: 'title', value: 'still' }));
  other.c.close();
});

test('networks, drawing anew and ending hold at once; it all survives a restart', async () => {
  const sys = await server.as('sysadmin');
  const away = await makeKey({ label: '外网', networks: ['192.0.2.0/24'] });
  refused(await new Scim(away.token).ask('GET', '/Users'), 401, undefined);
  await terms({ label: '外网', expires_at: year(), networks: ['127.0.0.0/8'] }, away.id, 'auditor');
  const here = new Scim(away.token);
  ok(await here.ask('GET', '/Users'));
  const fresh = await draw(away.id);
  refused(await here.ask('GET', '/Users'), 401, undefined);
  await server.restart();
  const again = new Scim(fresh);
  ok(await again.ask('GET', '/Users'));
  client.c.close();
  client = new Scim(key.token);
  ok(await client.ask('GET', '/ServiceProviderConfig'));
  ok(await (await server.as('secadmin')).delete(`${api}/scim/keys/${away.id}`), 204);
  refused(await again.ask('GET', '/Users'), 401, undefined);
  problem(await (await server.as('sysadmin')).post(`${api}/scim/keys/${away.id}/token`), 404, 'not_found');
  assert.ok(sys);
});

test('the log names the key, and the page its last calls', async () => {
  const user = await made('logged');
  ok(await client.ask('DELETE', `/Users/${user.id}`), 204);
  const auditor = await server.as('auditor');
  await until('the log has both', async () => {
    const tags = JSON.stringify(ok(await auditor.get(`${api}/audit?limit=100`)).items);
    return tags.includes(`scim ${key.id} leave ${user.id}`) && tags.includes(`scim ${key.id} make 0`);
  });
  const { calls } = await keys();
  assert.deepEqual([calls[0].method, calls[0].path, calls[0].status, calls[0].key], ['DELETE', `/scim/v2/Users/${user.id}`, 204, key.id]);
  assert.ok(calls.every((c) => !c.path.includes('?')));
});

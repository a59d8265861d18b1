// People and departments from a real directory server (slapd): who may set it, how it is reached, what an import takes
// and what it refuses, and that a second one changes nothing.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Server, until } from './server.mjs';
import { Slapd, base, entry, person, secret, unit } from './slapd.mjs';

const api = '/api/v1';
const people = `ou=people,${base}`;
const east = `ou=东区\\, 一部,${people}`;
let server, slapd, silent, sys, sec, aud, id, touched = 0;

const timed = `ou=timed,${base}`, double = `ou=double,${base}`;
const many = Array.from({ length: 1100 }, (_, i) => person(`uid=n${i},ou=many,${base}`, `n${i}`, `众 ${i}`));
const entries = [
  unit(people, 'people'), unit(`ou=many,${base}`, 'many'), unit(east, '东区, 一部'), unit(`ou=Hang/zhou,${people}`, 'Hang/zhou'), unit(`ou=12,${people}`, '12'),
  person(`uid=lan,${east}`, 'lan', '=HYPERLINK("http://x","蓝")', { mail: 'lan@example.com', title: '经理' }),
  person(`uid=hong\\2C b,ou=Hang/zhou,${people}`, 'hong,b', '洪, <b>"x"</b>'),
  person(`uid=direction,${people}`, 'direction', 'ab‮cd'),
  person(`uid=long,${people}`, 'long', 'x'.repeat(300)),
  person(`uid=bytes,${people}`, 'bytes', '字节', { jpegPhoto: Buffer.from([0xff, 0xfe, 0x80]) }),
  person(`cn=nobody,${people}`, [], 'nobody'),
  person(`uid=space,${people}`, 'two words', '空格'),
  person(`uid=digits,ou=12,${people}`, 'digits', '数字'),
  person(`uid=SALES1,${people}`, 'SALES1', '目录里的销售'),
  person(`uid=sysadmin,${people}`, 'sysadmin', '目录里的管理员'),
  unit(double, 'double'), person(`uid=d1,${double}`, 'd1', 'ab‮cd', { employeeNumber: '1' }), person(`uid=d2,${double}`, 'd2', '同号', { employeeNumber: '1' }), person(`uid=d3,${double}`, 'd3', '丁', { employeeNumber: '3' }),
  unit(timed, 'timed'), unit(`ou=自动,${timed}`, '自动'),
  person(`uid=t1,ou=自动,${timed}`, 't1', '甲'), person(`uid=t2,${timed}`, 't2', '乙'), person(`uid=sales2,${timed}`, 'sales2', '目录里的销售二'), person(`uid=secadmin,${timed}`, 'secadmin', '安全'),
];

const document = (more = {}) => ({ name: '集团目录', enabled: true, host: '127.0.0.1', port: slapd.port, security: 'ldaps', ca: slapd.ca, networks: ['127.0.0.0/8'], bind_dn: `cn=reader,${base}`,
  people_base: people, people_filter: '(objectClass=inetOrgPerson)', unit_base: people, attributes: { id: 'entryUUID', login: 'uid', name: 'cn', mail: 'mail', title: 'title' }, department_by: 'tree', ends_a_day: 1, ...more });

async function set(change, at = 0) {
  const asked = ok(await sys.post(`${api}/proposals`, { kind: 'ldap', reason: '从目录导入人员', change: { directory: at, document: change } }), 201);
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
  return at || ok(await sys.get(`${api}/ldap/directories`)).directories.at(-1).id;
}
const path = (at, what) => `${api}/ldap/directories/${at}/${what}`;
const putSecret = async (at, text = secret) => ok(await sys.post(path(at, 'secret'), { secret: text }), 204);
const read = (at = id) => sys.post(path(at, 'read'), {});
const preview = async (token, query = '', at = id) => ok(await sys.get(`${path(at, 'preview')}?read=${token}${query}`));
async function made(change, text) {
  const at = await set(change);
  await putSecret(at, text);
  return at;
}

before(async () => {
  silent = createServer(() => { touched++; });
  await new Promise((done) => silent.listen(0, '127.0.0.1', done));
  const away = entry(`ou=away,${people}`, { objectClass: ['referral', 'extensibleObject'], ou: 'away', ref: `ldap://127.0.0.1:${silent.address().port}/${people}` });
  slapd = new Slapd([...entries, away, ...many]);
  [server] = await Promise.all([new Server().start(), slapd.start()]);
  [sys, sec, aud] = await Promise.all(['sysadmin', 'secadmin', 'auditor'].map((who) => server.as(who)));
});
after(async () => {
  silent?.close();
  await slapd?.stop();
  await server?.stop();
});

test('a directory is set by two of different duties; its password is never shown, and goes when it would go elsewhere', async () => {
  const ask = (who, change, at = 0) => who.post(`${api}/proposals`, { kind: 'ldap', reason: '从目录导入人员', change: { directory: at, document: change } });
  problem(await ask(sec, document()), 403, 'not_your_duty');
  for (const [key, value] of [...Object.entries({ host: 'Dir_ectory', port: 0, security: 'plain', ca: 'x', people_filter: 'uid=*', department_by: 'x', attributes: { login: 'uid' }, ends_a_day: 0, password: 'x' }), ['ca', `${slapd.ca}${slapd.root.repeat(7)}`]])
    problem(await ask(sys, document({ [key]: value })), 422, 'bad_document');
  for (const hidden of ['userPassword', 'USERPASSWORD', 'unicodePwd', 'ms-Mcs-AdmPwd', 'msLAPS-Password', 'sambaNTPassword', 'krbPrincipalKey', 'ipaNTHash', 'supplementalCredentials', '2.5.4.35', 'cn;lang-zh']) {
    const refused = problem(await ask(sys, document({ attributes: { id: 'entryUUID', login: 'uid', name: 'cn', title: hidden } })), 422, 'bad_document');
    assert.equal(refused.errors?.[0]?.field ?? 'attributes', 'attributes', hidden);
  }
  const asked = ok(await ask(sys, document()), 201);
  problem(await sys.post(`${api}/proposals/${asked.id}/decide`, { approve: true }), 403, 'own_proposal');
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
  const list = ok(await aud.get(`${api}/ldap/directories`)).directories;
  id = list[0].id;
  assert.equal(list[0].secret, false);
  problem(await (await server.as('sales1')).get(`${api}/ldap/directories`), 403, 'not_your_duty');
  problem(await sec.post(path(id, 'secret'), { secret: 'x' }), 403, 'not_your_duty');
  problem(await sec.post(path(id, 'read'), {}), 403, 'not_your_duty');
  problem(await read(), 409, 'ldap_no_password');
  await putSecret(id);
  const answer = await sys.get(`${api}/ldap/directories`);
  assert.equal(ok(answer).directories[0].secret, true);
  assert.ok(!answer.text.includes(secret));
  await set(document({ bind_dn: `cn=other,${base}` }), id);
  problem(await read(), 409, 'ldap_no_password');
  await set(document(), id);
  await putSecret(id);
});

test('how it is reached: TLS only, the right authority, name and password; a server that is silent is given up', async () => {
  const hung = made(document({ name: 'silent', port: silent.address().port })).then(read);
  const other = new Slapd([]);
  await other.start();
  await other.stop();
  const wrong = await made(document({ name: 'CA', ca: other.ca }));
  problem(await read(wrong), 503, 'ldap_tls');
  await set(document({ name: 'CA', ca: slapd.root }), wrong); // the authority between is not known, and the server does not send it
  await putSecret(wrong);
  problem(await read(wrong), 503, 'ldap_tls');
  await set(document({ name: 'plain', port: slapd.plain }), wrong);
  await putSecret(wrong);
  problem(await read(wrong), 503, 'ldap_tls');
  await set(document({ host: '127.0.0.2' }), wrong); // the certificate bears another address; nobody listens there either
  await putSecret(wrong);
  problem(await read(wrong), 503, 'ldap_unreachable');
  await set(document({ host: 'localhost' }), wrong);
  await putSecret(wrong);
  assert.equal((await read(wrong)).status, 503);
  const open = document();
  delete open.networks;
  await set(open, wrong);
  await putSecret(wrong);
  problem(await read(wrong), 409, 'outbound_address');
  await set(document(), wrong);
  await putSecret(wrong, 'not it');
  problem(await read(wrong), 409, 'ldap_credentials');
  await putSecret(wrong);
  await set(document({ people_filter: '(uid=*' }), wrong);
  problem(await read(wrong), 409, 'ldap_filter');
  await set(document({ people_base: 'ou=none,dc=example,dc=com' }), wrong);
  problem(await read(wrong), 409, 'ldap_base');
  await set(document({ people_base: 'ou=none,dc=elsewhere,dc=com' }), wrong); // the server refers to another one, which is not asked
  problem(await read(wrong), 409, 'ldap_base');
  await set(document({ security: 'starttls', port: slapd.plain }), wrong);
  await putSecret(wrong);
  assert.equal(ok(await read(wrong)).units, 3);
  await set(document({ enabled: false }), wrong);
  problem(await read(wrong), 404, 'not_found');
  const before = touched;
  const gaveUp = await hung;
  assert.equal(gaveUp.status, 503);
  assert.ok(['ldap_slow', 'ldap_tls'].includes(gaveUp.json.code), gaveUp.text);
  assert.equal(touched, before);
});

test('the preview says what is new, refused and why, page by page; an import is one act and a second one changes nothing', async () => {
  const first = ok(await read());
  assert.equal(first.people, 11 - 1);
  problem(await sec.get(`${path(id, 'preview')}?read=${first.read}`), 403, 'not_your_duty');
  problem(await sys.get(`${path(id, 'preview')}?read=00000000-0000-7000-8000-000000000000`), 404, 'ldap_read_gone');
  const plan = await preview(first.read);
  const of = (name) => plan.items.find((i) => i.name === name && i.kind === 'person');
  const refused = { direction: 'bad_text', long: 'too_long', bytes: undefined, '': 'login_missing', 'two words': 'bad_login', digits: 'bad_place', sysadmin: 'duty_holder' };
  for (const [name, reason] of Object.entries(refused)) assert.deepEqual([of(name)?.effect, of(name)?.reason], reason ? ['refused', reason] : ['added', ''], name);
  assert.equal(of('lan').effect, 'added');
  assert.equal(of('hong,b').effect, 'added');
  assert.equal(of('sales1').effect, 'changed');
  assert.deepEqual(of('sales1').changes.map((c) => [c.field, c.from === '', c.to]).slice(0, 1), [['name', false, '目录里的销售']]);
  assert.deepEqual(of('lan').changes, [{ field: 'name', from: '', to: '=HYPERLINK("http://x","蓝")' }, { field: 'mail', from: '', to: 'lan@example.com' },
    { field: 'department', from: '', to: of('lan').changes.find((c) => c.field === 'department').to }, { field: 'title', from: '', to: '经理' }, { field: 'place', from: '', to: '东区, 一部' }]);
  assert.match(of('lan').changes.find((c) => c.field === 'department').to, /\/东区, 一部$/);
  assert.equal(plan.gone, 0);
  const page = await preview(first.read, '&effect=refused&offset=1&count=2');
  assert.deepEqual([page.items.length, page.count], [2, plan.refused]);
  const done = ok(await sys.post(path(id, 'import'), { read: first.read, version: plan.version }));
  assert.deepEqual([done.added, done.changed, done.refused], [plan.added, plan.changed, plan.refused]);
  problem(await sys.post(path(id, 'import'), { read: first.read, version: plan.version }), 409, 'people_changed');
  const directory = ok(await sys.get(`${api}/directory`));
  const named = (list, name) => list.find((x) => x.name === name);
  const lan = directory.users.find((p) => p.name.startsWith('=HYPER'));
  assert.equal(lan.name, '=HYPERLINK("http://x","蓝")');
  assert.equal(named(directory.departments, '东区, 一部').id, lan.department);
  assert.ok(named(directory.departments, 'Hang／zhou'));
  assert.ok(!named(directory.departments, '12'));
  const { document: stored } = ok(await sys.get(`${api}/people/${lan.id}`));
  assert.deepEqual([stored.roles, stored.duties, stored.mail_confirmed, stored.ldap.title], [[], [], undefined, '经理']);
  const again = ok(await read());
  const same = await preview(again.read);
  assert.deepEqual([same.added, same.changed, same.gone], [0, 0, 0]);
  ok(await sys.post(path(id, 'import'), { read: again.read }));
  ok(await read()); // its entry comes after that of a second import, if there were one; the list is as far as its index
  const tags = async () => ok(await aud.get(`${api}/audit?limit=200`)).items.map((i) => i.tag ?? '');
  const log = await until('the third read is listed', async () => {
    const all = await tags();
    return all.filter((tag) => tag === `ldap read ${id}`).length >= 3 && all;
  });
  assert.equal(log.filter((tag) => /^ldap \d+ import/.test(tag)).length, 1, JSON.stringify(log.slice(0, 20)));
});

test('who is gone is suspended only where ticked, a login given to somebody else is refused, and the day is bounded', async () => {
  slapd.change(`dn: uid=lan,${east}\nchangetype: delete\n\ndn: uid=hong\\2C b,ou=Hang/zhou,${people}\nchangetype: delete\n\n${person(`uid=lan,${people}`, 'lan', 'another').replace('\n', '\nchangetype: add\n')}\n`);
  const { read: token } = ok(await read());
  const gone = await preview(token, '&effect=gone');
  assert.deepEqual(gone.items.map((i) => i.login).sort(), ['hong,b', 'lan']);
  const refused = await preview(token, '&effect=refused');
  assert.equal(refused.items.find((i) => i.name === 'lan').reason, 'login_reused');
  const [one, two] = gone.items.map((i) => i.user);
  ok(await sys.post(path(id, 'import'), { read: token }));
  assert.equal((await preview(token, '&effect=gone')).gone, 2);
  problem(await sys.post(path(id, 'import'), { read: token, suspend: [10] }), 409, 'people_changed');
  problem(await sys.post(path(id, 'import'), { read: token, suspend: [one, two] }), 429, 'ldap_ends');
  ok(await sys.post(path(id, 'import'), { read: token, suspend: [one] }));
  assert.deepEqual((await preview(token, '&effect=gone')).items.map((i) => i.user), [two]);
  assert.equal(ok(await sys.get(`${api}/people/${one}`)).document.disabled, true);
  problem(await sys.post(path(id, 'import'), { read: token, suspend: [two] }), 429, 'ldap_ends');
});

test('by its schedule a directory is read and imported as far as two have approved, and says what is left for a person', async () => {
  const terms = (more) => document({ name: 'timed', people_base: timed, unit_base: timed, every_hours: 24, ...more });
  for (const wrong of [{ every_hours: 0 }, { every_hours: 169 }, { apply: 'everything' }, { every_hours: undefined, apply: 'new' }, { apply: 'all', ends_a_day: undefined }])
    problem(await sys.post(`${api}/proposals`, { kind: 'ldap', reason: '定时', change: { directory: 0, document: terms(wrong) } }), 422, 'bad_document');
  const page = async (at) => ok(await aud.get(`${api}/ldap/directories`)).directories.find((d) => d.id === at).schedule;
  const named = async (name) => ok(await sys.get(`${api}/directory`)).users.find((p) => p.name === name);
  const at = await set(terms({ apply: 'new' }));
  assert.equal((await page(at)).rests, 'ldap_no_password');
  const run = async (change, what) => {
    const before = await page(at);
    await change();
    return until(what, async () => {
      const now = await page(at);
      return (now.read_at > before.read_at || now.error_at > before.error_at) && (now.error || now.pending) && now;
    });
  };
  const again = (more) => run(() => set(terms(more), at), JSON.stringify(more));

  const first = await run(() => putSecret(at), 'new accounts'); // who is there stays as he is
  assert.deepEqual([first.error, first.rests, first.people, first.imported, first.pending], ['', '', 4, { added: 2, changed: 0, suspended: 0 }, { added: 0, changed: 1, gone: 0, refused: 1 }], JSON.stringify(first));
  assert.ok(first.next_at > Date.now() + 23 * 3600e3);
  const t1 = await until('the new account is listed', () => named('甲')); // a session's view is up to a second old
  const stored = ok(await sys.get(`${api}/people/${t1.id}`)).document;
  assert.deepEqual([stored.login, stored.roles, stored.ldap.directory], ['t1', [], at]);
  assert.ok(!(await named('目录里的销售二')));

  const second = await again({ apply: 'all_but_ends' });
  assert.deepEqual([second.imported, second.pending], [{ added: 0, changed: 1, suspended: 0 }, { added: 0, changed: 0, gone: 0, refused: 1 }], JSON.stringify(second));
  await until('the change is listed', () => named('目录里的销售二'));

  slapd.change(`dn: uid=t1,ou=自动,${timed}\nchangetype: delete\n\ndn: uid=t2,${timed}\nchangetype: delete\n`);
  const third = await again({ apply: 'all', ends_a_day: 1 }); // more than a day may see: none
  assert.deepEqual([third.error, third.pending.gone, third.imported], ['ldap_ends', 2, second.imported]);
  const fourth = await again({ apply: 'all', ends_a_day: 2 });
  assert.deepEqual([fourth.error, fourth.pending.gone, fourth.imported.suspended], ['', 0, 2], JSON.stringify(fourth));
  assert.equal(ok(await sys.get(`${api}/people/${t1.id}`)).document.disabled, true);

  const fifth = await run(() => putSecret(at, 'not it'), 'a wrong password');
  assert.deepEqual([fifth.error, fifth.read_at, fifth.pending.gone], ['ldap_credentials', fourth.read_at, 0]);
  const tags = await until('the log has it', async () => {
    const all = ok(await aud.get(`${api}/audit?limit=200`)).items;
    return all.some((i) => i.tag?.startsWith(`ldap ${at} scheduled import 2 of people`)) && all;
  });
  const { by } = await page(at);
  assert.equal(tags.find((i) => i.tag?.startsWith(`ldap ${at} scheduled import 2 of people`)).actor.id, by, JSON.stringify(tags[0]));
  assert.ok(tags.filter((i) => i.tag === `ldap ${at} scheduled read`).length >= 4);
  await set(terms({ enabled: false }), at);
  assert.deepEqual([(await page(at)).rests, (await page(at)).next_at], ['disabled', 0]);
});

test('of two entries with one id its schedule imports neither, and the others as ever', async () => {
  const at = await made(document({ name: 'double', people_base: double, unit_base: double, department_by: 'none', attributes: { id: 'employeeNumber', login: 'uid', name: 'cn' }, every_hours: 24, apply: 'new' }));
  const done = await until('it is read', async () => {
    const { schedule } = ok(await sys.get(`${api}/ldap/directories`)).directories.find((d) => d.id === at);
    return (schedule.pending || schedule.error) && schedule;
  });
  assert.deepEqual([done.error, done.imported.added, done.pending.refused], ['', 1, 2], JSON.stringify(done));
  const { read: token } = ok(await read(at));
  const plan = await preview(token, '', at);
  assert.deepEqual(plan.items.filter((i) => i.kind === 'person').map((i) => [i.name, i.effect, i.reason]), [['d1', 'refused', 'bad_text'], ['d2', 'refused', 'id_twice'], ['d3', 'unchanged', '']]);
});

test('more than a page of entries comes whole', async () => {
  const at = await made(document({ name: 'many', people_base: `ou=many,${base}`, department_by: 'none', attributes: { id: 'entryUUID', login: 'uid', name: 'cn', title: 'jpegPhoto' } }));
  const { read: token, people: count } = ok(await read(at));
  assert.equal(count, 1100);
  const plan = await preview(token, '&offset=1090', at);
  assert.equal(plan.added >= 1100, true);
});

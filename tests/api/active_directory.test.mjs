// Active Directory, as far as Samba's domain controller is one: what the settings for it read, from where, and what becomes
// of people who are renamed, moved, switched off and deleted there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { base, cannot, entry, Samba, secret, unit, user } from './samba.mjs';
import { Server } from './server.mjs';

const api = '/api/v1';
const staff = `OU=员工\\, 全体,${base}`, east = `OU=华东,${staff}`, north = `OU=华北,${staff}`, crowd = `OU=Crowd,${base}`;
const samba = new Samba([
  user(`CN=reader,CN=Users,${base}`, 'reader', { displayName: 'reader' }),
  unit(staff, '员工, 全体'), unit(east, '华东'), unit(`OU=一部,${east}`, '一部'), unit(north, '华北'), unit(crowd, 'Crowd'),
  user(`CN=王 总,${staff}`, 'wang.zong', { displayName: '王总', mail: 'wang@corp.example.com', title: '总经理', department: '总裁办' }),
  user(`CN=Li\\, Na,OU=一部,${east}`, 'li.na', { displayName: '李娜', title: '经理', department: '华东/一部', manager: `CN=王 总,${staff}` }),
  user(`CN=Zhao#1,${east}`, 'zhao', { displayName: '赵', department: '华东' }),
  user(`CN=off,${east}`, 'off', { displayName: '停用', userAccountControl: '546' }),
  user(`CN=unnamed,${east}`, 'unnamed'),
  entry(`CN=contact,${east}`, { objectClass: 'contact', displayName: '联系人', mail: 'contact@corp.example.com' }),
  entry(`CN=PC1,${east}`, { objectClass: 'computer', sAMAccountName: 'PC1$', displayName: 'PC1', userAccountControl: '4128' }),
  entry(`CN=sales,${staff}`, { objectClass: 'group', sAMAccountName: 'sales', member: [`CN=Zhao#1,${east}`, `CN=王 总,${staff}`] }),
  entry(`CN=all,${staff}`, { objectClass: 'group', sAMAccountName: 'all', member: `CN=sales,${staff}` }),
  ...Array.from({ length: 1200 }, (_, i) => user(`CN=many ${i},${crowd}`, `many${i}`, { displayName: `众 ${i}` })),
]);
let server, sys, sec;

// As ui/src/components/directories/presets.ts fills the form in.
const filter = '(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))';
const attributes = { id: 'objectGUID', login: 'sAMAccountName', name: 'displayName', mail: 'mail', title: 'title', department: 'department' };
const document = (more = {}) => ({ name: 'AD', enabled: true, host: samba.address, port: 636, security: 'ldaps', ca: samba.ca, networks: ['127.0.0.0/8'], bind_dn: `CN=reader,CN=Users,${base}`,
  people_base: staff, people_filter: filter, unit_base: staff, attributes, department_by: 'tree', ...more });
const path = (at, what) => `${api}/ldap/directories/${at}/${what}`;
async function made(more, at = 0, password = secret) {
  const asked = ok(await sys.post(`${api}/proposals`, { kind: 'ldap', reason: '接入域', change: { directory: at, document: document(more) } }), 201);
  ok(await sec.post(`${api}/proposals/${asked.id}/decide`, { approve: true }));
  const id = at || ok(await sys.get(`${api}/ldap/directories`)).directories.at(-1).id;
  ok(await sys.post(path(id, 'secret'), { secret: password }), 204);
  return id;
}
const read = (at) => sys.post(path(at, 'read'), {});
const preview = async (at, query = '') => {
  const { read: token } = ok(await read(at));
  return { token, ...ok(await sys.get(`${path(at, 'preview')}?read=${token}${query}`)) };
};
const people = (plan) => Object.fromEntries(plan.items.filter((i) => i.kind === 'person').map((i) => [i.name, i.reason ? `${i.effect} ${i.reason}` : i.effect]));
const person = async (login) => ok(await sys.get(`${api}/people?q=${encodeURIComponent(login)}`)).items.find((p) => p.document.login === login);
const departments = async () => new Map(ok(await sys.get(`${api}/directory`)).departments.map((d) => [d.id, d.name]));

before(async () => {
  if (cannot) return;
  [server] = await Promise.all([new Server().start(), samba.start()]);
  [sys, sec] = await Promise.all(['sysadmin', 'secadmin'].map((who) => server.as(who)));
});
after(async () => {
  await server?.stop();
  if (!cannot) await samba.stop();
});

test('people, units and departments come as the preset reads them; contacts, computers, groups and who is switched off do not', { skip: cannot }, async () => {
  const at = await made();
  const plan = await preview(at);
  assert.deepEqual(people(plan), { 'wang.zong': 'added', 'li.na': 'added', zhao: 'added', unnamed: 'refused name_missing' });
  assert.deepEqual(plan.items.filter((i) => i.kind === 'department' && i.effect === 'added').map((i) => i.name).sort(), ['华东', '华东/一部', '华北'].sort());
  ok(await sys.post(path(at, 'import'), { read: plan.token, version: plan.version }));
  const li = await person('li.na'), names = await departments();
  assert.equal(names.get(li.department), '一部');
  assert.match(li.document.ldap.id, /^[0-9a-f]{32}$/);
  assert.deepEqual([li.document.name, li.document.ldap.title, li.document.ldap.place, li.document.reports_to], ['李娜', '经理', '华东/一部', undefined]);
  assert.deepEqual([(await person('wang.zong')).document.mail, (await preview(at)).changed], ['wang@corp.example.com', 0]);
});

test('it is reached as a domain wants it: by StartTLS, by a name of its own for the reader, from the top of the domain, and in pages', { skip: cannot }, async () => {
  const at = await made({ port: 389, security: 'starttls', bind_dn: 'reader@corp.example.com' });
  assert.equal(ok(await read(at)).people, 4);
  await made({ port: 3269, bind_dn: 'CORP\\reader' }, at); // the global catalogue has another port
  assert.equal(ok(await read(at)).people, 4);
  await made({ people_base: base, department_by: 'none' }, at); // the domain refers to its other parts, which are not followed
  const all = await preview(at, '&effect=refused&count=200');
  assert.deepEqual([all.items.map((i) => [i.name, i.reason]).sort()], [[['Administrator', 'name_missing'], ['dns-dc1', 'name_missing'], ['unnamed', 'name_missing']]]);
  assert.ok(all.added >= 1200, String(all.added));
  const crowded = '(&(objectCategory=person)(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN=all,' + staff.replace('\\', '\\5c') + '))';
  await made({ people_filter: crowded }, at); // a group's, also by a group within
  assert.deepEqual(Object.keys(people(await preview(at))).sort(), ['wang.zong', 'zhao']);
});

test('what it refuses is said: a wrong or expired password, a base that is not there, a filter, an authority', { skip: cannot }, async () => {
  const at = await made({}, 0, 'wrong');
  problem(await read(at), 409, 'ldap_credentials');
  samba.change(`dn: CN=reader,CN=Users,${base}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: 0\n`); // to be changed at the next sign-in
  await made({}, at);
  problem(await read(at), 409, 'ldap_credentials');
  samba.change(`dn: CN=reader,CN=Users,${base}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: -1\n`);
  assert.equal(ok(await read(at)).people, 4);
  await made({ people_base: `OU=none,${base}` }, at);
  problem(await read(at), 409, 'ldap_base');
  await made({ people_base: 'DC=other,DC=com' }, at);
  problem(await read(at), 409, 'ldap_base');
  await made({ people_base: `OU=x,DC=child,${base}` }, at); // elsewhere in the forest
  problem(await read(at), 409, 'ldap_base');
  await made({ people_filter: '(&(objectClass=user)' }, at);
  problem(await read(at), 409, 'ldap_filter');
  await made({ ca: undefined }, at);
  problem(await read(at), 503, 'ldap_tls');
});

test('who is renamed or moved there stays the same here; who is switched off or deleted is listed as gone, and suspended where ticked', { skip: cannot }, async () => {
  const at = ok(await sys.get(`${api}/ldap/directories`)).directories[0].id;
  const before = await person('li.na');
  await made({ moves: true }, at);
  samba.change([`dn: CN=Li\\, Na,OU=一部,${east}\nchangetype: modrdn\nnewrdn: CN=Li Na-Chen\ndeleteoldrdn: 1\nnewsuperior: ${north}`,
    `dn: CN=Li Na-Chen,${north}\nchangetype: modify\nreplace: displayName\ndisplayName: 李娜-陈\n-\nreplace: sAMAccountName\nsAMAccountName: li.chen\n-\nreplace: title\ntitle: 总监`,
    `dn: CN=Zhao#1,${east}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 546`, `dn: CN=王 总,${staff}\nchangetype: delete`].join('\n\n') + '\n');
  const plan = await preview(at);
  assert.deepEqual([people(plan), plan.gone], [{ 'li.na': 'changed renamed', unnamed: 'refused name_missing' }, 2]);
  const gone = ok(await sys.get(`${path(at, 'preview')}?read=${plan.token}&effect=gone`)).items;
  assert.deepEqual(gone.map((i) => i.login).sort(), ['wang.zong', 'zhao']);
  ok(await sys.post(path(at, 'import'), { read: plan.token, version: plan.version, suspend: [gone.find((i) => i.login === 'zhao').user] }));
  const li = await person('li.na');
  assert.deepEqual([li.id, li.document.name, li.document.ldap.title, (await departments()).get(li.department)], [before.id, '李娜-陈', '总监', '华北']);
  assert.equal((await person('zhao')).document.disabled, true);
  assert.ok(!(await person('wang.zong')).document.disabled);
});

test('departments by the attribute of that name', { skip: cannot }, async () => {
  const at = ok(await sys.get(`${api}/ldap/directories`)).directories[0].id;
  samba.change(`${user(`CN=Sun,${east}`, 'sun', { displayName: '孙', department: '华东/二部' }).replace('\n', '\nchangetype: add\n')}\n\n${user(`CN=Qian,${east}`, 'qian', { displayName: '钱', department: '一部' }).replace('\n', '\nchangetype: add\n')}\n`);
  await made({ department_by: 'attribute' }, at);
  const plan = await preview(at);
  ok(await sys.post(path(at, 'import'), { read: plan.token, version: plan.version }));
  const names = await departments();
  assert.deepEqual([names.get((await person('sun')).department), names.get((await person('qian')).department)], ['二部', '一部']);
});

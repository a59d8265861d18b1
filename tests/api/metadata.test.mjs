import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { Server, until } from './server.mjs';

let server, admin, sales1, service, finance, old;
before(async () => {
  server = await new Server().start();
  [admin, sales1, service, finance] = await Promise.all(['sysadmin', 'sales1', 'service1', 'finance1'].map((l) => server.as(l)));
  old = await sales1.create('customer', company({ grade: 'a' }));
});
after(() => server.stop());

test('metadata says what the caller may see, write, find and sort by', async () => {
  const meta = ok(await sales1.get('/api/v1/objects/customer'));
  const by = Object.fromEntries(meta.fields.map((f) => [f.name, f]));
  assert.equal(by.mobile.view, 'clear');
  assert.deepEqual(by.mobile.matchable, ['exact', 'suffix']);
  assert.equal(by.mobile.sortable, false);
  assert.equal(by.grade.sortable, true);
  assert.equal(by.resident_id.view, 'masked');
  assert.equal(by.owner.system, true);
  assert.ok(by.grade.choices.every((c) => c.key && c.label.zh && c.label.en));
  assert.ok(meta.acts.includes('create') && !meta.acts.includes('delete'));
  const masked = Object.fromEntries(ok(await service.get('/api/v1/objects/customer')).fields.map((f) => [f.name, f]));
  assert.equal(masked.mobile.view, 'masked');
  assert.equal(masked.resident_id, undefined);
  const list = ok(await sales1.get('/api/v1/objects'));
  assert.ok(list.version >= 1 && list.items.some((o) => o.name === 'order'));
  for (const o of list.items) for (const f of o.list_fields) assert.ok(o.fields.some((x) => x.name === f), `${o.name}.${f} is listed but not described`);
});

test('a field added at run time works with the data in place', async () => {
  const field = { name: 'wechat', label: { zh: '微信号', en: 'WeChat' }, type: 'text', class: 'personal', search: ['exact'], length_max: 40 };
  const plan = ok(await admin.post('/api/v1/objects/customer/fields?dry_run=true', field));
  assert.ok(JSON.stringify(plan).includes('wechat'));
  problem(await sales1.patch(`/api/v1/records/customer/${old.id}`, { wechat: 'x' }, 1), 422, 'invalid_fields', 'wechat');
  ok(await admin.post('/api/v1/objects/customer/fields', field), 201);
  const now = await sales1.read('customer', old.id);
  assert.equal(now.wechat, null);
  assert.equal(now._version, old._version);
  const set = await sales1.update('customer', now, { wechat: 'changjiang-01' });
  assert.equal(set.wechat, 'changjiang-01');
  assert.equal((await sales1.query('customer', { where: { field: 'wechat', op: 'eq', value: 'changjiang-01' } })).items[0].id, old.id);
  assert.match((await service.read('customer', old.id)).wechat, /\*/);
  assert.equal((await finance.read('customer', old.id)).wechat, undefined);
  const level = { name: 'level', label: { zh: '层级', en: 'Level' }, type: 'choice', class: 'internal', choices: [{ key: 'x', label: { zh: '甲', en: 'X' } }, { key: 'y', label: { zh: '乙', en: 'Y' } }] };
  ok(await admin.post('/api/v1/objects/customer/fields', level), 201);
  await sales1.update('customer', await sales1.read('customer', old.id), { level: 'y' });
  assert.equal((await sales1.query('customer', { where: { field: 'level', op: 'eq', value: 'y' }, sort: ['-level'] })).items.length, 1);
});

test('an object added at run time has records, and both survive a restart', async () => {
  const object = {
    name: 'site_visit', label: { zh: '到访', en: 'Visit' }, label_plural: { zh: '到访', en: 'Visits' }, icon: 'map', subject: 'customer', title_fields: ['place'], list_fields: ['place', 'customer'],
    fields: [
      { name: 'customer', label: { zh: '客户', en: 'Customer' }, type: 'reference', class: 'internal', reference: 'customer', required: true, on_delete: 'restrict' },
      { name: 'place', label: { zh: '地点', en: 'Place' }, type: 'text', class: 'personal', search: ['fragment'], required: true, length_max: 100 },
    ],
  };
  ok(await admin.post('/api/v1/objects', object), 201);
  const visit = await sales1.create('site_visit', { customer: old.id, place: '杭州西湖' });
  assert.equal(visit.place, '杭州西湖');
  assert.equal((await sales1.query('site_visit', { search: 'xihu' })).items.length, 1);
  await server.restart();
  [admin, sales1, service, finance] = await Promise.all(['sysadmin', 'sales1', 'service1', 'finance1'].map((l) => server.as(l)));
  assert.equal((await sales1.read('site_visit', visit.id)).place, '杭州西湖');
  assert.equal((await sales1.read('customer', old.id)).wechat, 'changjiang-01');
  await sales1.create('site_visit', { customer: old.id, place: '再访' });
});

test('changes that cannot be are refused with the reason', async () => {
  const field = { name: 'x1', label: { zh: '甲', en: 'X' }, type: 'text', class: 'internal' };
  for (const [body, code] of [
    [{ ...field, name: 'mobile' }, 'definition_change_refused'], [{ ...field, name: 'X Y' }, 'definition_invalid'], [{ ...field, type: 'magic' }, 'definition_invalid'],
    [{ ...field, class: 'secret' }, 'definition_invalid'], [{ name: 'x1' }, 'definition_invalid'], [{ ...field, sql: 'drop' }, 'definition_invalid'], [{}, 'definition_invalid'],
  ]) {
    const a = await admin.post('/api/v1/objects/customer/fields', body);
    assert.equal(a.status, 422, `${JSON.stringify(body)}: ${a.text}`);
    assert.ok([code, 'definition_invalid', 'definition_change_refused'].includes(a.json.code), a.text);
    assert.ok(a.json.detail.length > 5);
  }
  const lowered = await admin.patch('/api/v1/objects/customer/fields/mobile', { class: 'public' });
  assert.ok([403, 422].includes(lowered.status), lowered.text);
  problem(await admin.post('/api/v1/objects/no_such/fields', field), 404, 'unknown_object');
});

test('only a system administrator changes definitions', async () => {
  const field = { name: 'x2', label: { zh: '甲', en: 'X' }, type: 'text', class: 'internal' };
  for (const login of ['sales1', 'boss', 'secadmin', 'auditor', 'nobody']) {
    const who = await server.as(login);
    for (const a of [await who.post('/api/v1/objects/customer/fields', field), await who.post('/api/v1/objects', { name: 'y' }), await who.patch('/api/v1/objects/customer/fields/grade', { label: { zh: 'x', en: 'x' } })]) {
      assert.equal(a.status, 403, `${login}: ${a.text}`);
    }
  }
});

test('a label or a choice changed at run time shows at once', async () => {
  ok(await admin.patch('/api/v1/objects/customer/fields/grade', { label: { zh: '价值', en: 'Value' } }), 201);
  assert.equal(ok(await sales1.get('/api/v1/objects/customer')).fields.find((f) => f.name === 'grade').label.zh, '价值');
});

const jobs = async (job) => {
  let now;
  await until(`job ${job}`, async () => ['done', 'failed', 'cancelled'].includes((now = ok(await admin.get(`/api/v1/jobs/${job}`))).state));
  assert.equal(now.state, 'done', JSON.stringify(now));
  return now;
};
const nowhere = (values) => {
  for (const file of readdirSync(join(server.data, 'db'))) {
    const bytes = readFileSync(join(server.data, 'db', file));
    for (const value of values) assert.equal(bytes.indexOf(value), -1, `${file} holds a value that was sealed`);
  }
};

test('raising a class seals what stands in rows and histories, and leaves nothing of it in the files', async () => {
  const [first, second] = ['http://was-clear-one.example.com', 'http://was-clear-two.example.com'];
  const made = await sales1.create('customer', company({ website: first }));
  const changed = await sales1.update('customer', made, { website: second });
  const { job } = ok(await admin.patch('/api/v1/objects/customer/fields/website', { class: 'personal' }), 202);
  const end = await jobs(job);
  assert.equal(end.kind, 'reseal');
  assert.deepEqual([end.progress, end.result], [{ done: 100, total: 100 }, {}], 'the administrator is not told how many rows there are');
  const now = await sales1.read('customer', made.id);
  assert.equal(now.website, second);
  assert.equal(now._version, changed._version, 'nobody changed a value');
  assert.notEqual((await service.read('customer', made.id)).website, second);
  const history = ok(await sales1.get(`/api/v1/records/customer/${made.id}/history`)).items.flatMap((i) => i.changes);
  assert.ok(history.some((c) => c.field === 'website' && c.before === first && c.after === second));
  nowhere([first, second]);
  const again = ok(await admin.patch('/api/v1/objects/customer/fields/mail', { class: 'sensitive' }), 202);
  await jobs(again.job);
  const mail = (await sales1.read('customer', old.id)).mail;
  assert.ok(mail === null || /\*/.test(mail), 'a sensitive field is masked for sales');
});

test('raising a class seals a long history to its first change, and goes on after the system was killed', async () => {
  const value = (n) => `was clear in change ${String(n).padStart(4, '0')}`;
  ok(await admin.post('/api/v1/objects/customer/fields', { name: 'slogan', label: { zh: '口号', en: 'Slogan' }, type: 'text', class: 'internal', length_max: 60 }), 201);
  let record = await sales1.create('customer', company({ slogan: value(0) }));
  for (let n = 1; n <= 230; n++) record = await sales1.update('customer', record, { slogan: value(n) });
  const { job } = ok(await admin.patch('/api/v1/objects/customer/fields/slogan', { class: 'personal' }), 202);
  server.process.kill('SIGKILL');
  await server.ended;
  await server.restart();
  [admin, sales1, service, finance] = await Promise.all(['sysadmin', 'sales1', 'service1', 'finance1'].map((l) => server.as(l)));
  await jobs(job);
  assert.equal((await sales1.read('customer', record.id)).slogan, value(230));
  nowhere(Array.from({ length: 231 }, (_, n) => value(n)));
  const refused = await admin.post(`/api/v1/jobs/${job}/cancel`, {});
  problem(refused, 409, 'not_cancellable');
});

test('a kind of search that is added finds the values in place; none can be taken away', async () => {
  const field = (name, cls) => ({ name, label: { zh: '别名', en: 'Alias' }, type: 'text', class: cls, length_max: 40 });
  for (const [name, cls] of [['alias', 'personal'], ['codename', 'internal']]) {
    ok(await admin.post('/api/v1/objects/customer/fields', field(name, cls)), 201);
    const made = await sales1.create('customer', company({ [name]: '长江一号甲' }));
    const other = await sales1.create('customer', company({ [name]: '黄河二号乙' }));
    const path = `/api/v1/objects/customer/fields/${name}`;
    const { job } = ok(await admin.patch(path, { search: ['exact', 'fragment'] }), 202);
    await jobs(job);
    for (const [op, value] of [['eq', '长江一号甲'], ['contains', '江一']]) {
      const found = await sales1.query('customer', { where: { field: name, op, value } });
      assert.deepEqual(found.items.map((i) => i.id), [made.id], `${name} ${op}`);
    }
    const moved = await sales1.update('customer', await sales1.read('customer', made.id), { [name]: '黄河三号' });
    assert.equal(moved[name], '黄河三号');
    assert.equal((await sales1.query('customer', { where: { field: name, op: 'contains', value: '江一' } })).items.length, 0);
    assert.equal((await sales1.query('customer', { where: { field: name, op: 'contains', value: '黄河' } })).items.length, 2, other.id);
    problem(await admin.patch(path, { search: ['exact'] }), 422, 'search_removed');
  }
});

// What belongs to another is what is not there: jobs, imports, views, sessions, keys, and records out of one's scope answer
// alike whether their id is somebody's or nobody's, on every path of the server's own description and in every item of a
// bulk; and what a running job tells its own starter, over its events too, are counts and codes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { company, mobile } from '../api/people.mjs';
import { Server, password, until } from '../api/server.mjs';
import { operationsOf } from './questions.mjs';

const octets = { 'content-type': 'application/octet-stream' };
const over = (j) => ['done', 'failed', 'cancelled'].includes(j.state);
let server, doc;
const things = []; // {kind: the path's part, id, owner, may: those whom it concerns too}

async function upload(who, rows) {
  const bytes = Buffer.from(`客户类型,公司名称,手机,客户等级\n${rows.map((r) => r.join(',')).join('\n')}\n`);
  const { id } = ok(await who.post('/api/v1/imports', { object: 'customer', file_name: '甲13977770001.csv', size: bytes.length }), 201);
  ok(await who.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: bytes, headers: octets }), 204);
  return id;
}
const mapping = ['customer_type', 'name', 'mobile', 'grade'].map((field, column) => ({ column, field }));
const start = async (who, id) => ok(await who.post(`/api/v1/imports/${id}/start`, { mapping, owner: 'me' }), 202).job;
const ended = (who, job) => until(`job ${job}`, async () => { const j = ok(await who.get(`/api/v1/jobs/${job}`)); return over(j) && j; });

before(async () => {
  server = await new Server().start();
  const [sales1, leader, admin] = await Promise.all(['sales1', 'leader', 'sysadmin'].map((l) => server.as(l)));
  const put = (kind, id, owner) => things.push({ kind, id, owner });
  for (const who of [sales1, leader]) {
    const owner = who.me.login;
    put('imports', await upload(who, [['单位', '待导入', mobile(), 'a']]), owner);
    const done = await upload(who, [['单位', '已导入', mobile(), 'a'], ['单位', '被拒', mobile(), 'zzz']]);
    const job = await start(who, done);
    await ended(who, job);
    put('imports', done, owner);
    put('jobs', job, owner);
    put('views', ok(await who.post('/api/v1/views/customer', { name: '视图' }), 201).id, owner);
    const other = server.client();
    await other.signIn(owner, password);
    put('sessions', ok(await other.get('/api/v1/sessions')).items.find((s) => s.current).id, owner);
    other.close();
    put('keys', ok(await who.post('/api/v1/keys', { label: '钥匙', roles: [owner === 'leader' ? 'branch_leader' : 'sales'], expires_at: new Date(Date.now() + 3600e3).toISOString() }), 201).id, owner);
    put('records', (await who.create('customer', company())).id, owner);
  }
  const { job } = ok(await admin.patch('/api/v1/objects/customer/fields/website', { class: 'personal' }), 202); // a resealing
  await ended(admin, job);
  put('jobs', job, 'sysadmin');
  doc = ok(await sales1.get('/api/v1/openapi.json'));
});
after(() => server.stop());

// Who has nothing to do with a thing of this owner. A leader sees sales1's records; nobody sees another's import or job; a
// security administrator ends anybody's session or key.
const ending = ['sessions', 'keys'];
const others = (thing) => (thing.kind === 'records' ? { sales1: ['sales2', 'salescd', 'auditor', 'sysadmin', 'nobody'], leader: ['sales1', 'salescd', 'auditor', 'secadmin'] }[thing.owner]
  : ['sales2', 'leader', 'boss', 'privacy', 'steward', 'auditor', 'secadmin', 'sysadmin', 'sales1', 'nobody']).filter((login) => login !== thing.owner && !(login === 'secadmin' && ending.includes(thing.kind)));

const bodies = {
  previewImport: [{}], checkImport: [{ mapping }], startImport: [{ mapping, owner: 'me' }], changeView: [{ name: '改' }, { name: '' }],
  updateRecord: [{ grade: 'a' }, { grade: 'no such' }, { no_such: 1 }], revealRecord: [{ fields: ['mobile'], reason: '看看别人的' }], transferRecord: [{ owner: 10 }],
};
const plain = (a, id) => `${a.status} ${['etag', 'location', 'content-type'].map((h) => a.headers[h] ?? '').join(' ')} ${a.text.replace(/"request_id":"[^"]*"/g, '').replaceAll(id, 'ID')}`;

async function ask(who, o, path, body) {
  const headers = { 'if-match': '"1"', ...(o.bytes && octets) };
  return who.request(o.method.toUpperCase(), path, { body: o.bytes ? Buffer.from('x') : o.method === 'get' || o.method === 'delete' ? undefined : (body ?? {}), headers });
}

for (const kind of ['imports', 'jobs', 'views', 'sessions', 'keys', 'records']) {
  test(`to others ${kind} of somebody are ${kind} of nobody, on every path`, async () => {
    const operations = operationsOf(doc).filter((o) => o.path.startsWith(`/api/v1/${kind}/`) && o.path.includes('{id}'));
    assert.ok(operations.length > 0);
    for (const thing of things.filter((t) => t.kind === kind)) {
      for (const login of others(thing)) {
        const who = await server.as(login);
        for (const o of operations) {
          for (const body of bodies[o.id] ?? [undefined]) {
            const at = (id) => o.path.replace('{object}', 'customer').replace('{id}', id).replace('{part}', '0').replace('{n}', '0');
            const none = randomUUID();
            const a = plain(await ask(who, o, at(thing.id), body), thing.id);
            const b = plain(await ask(who, o, at(none), body), none);
            assert.equal(a, b, `${o.id} of ${login} on ${thing.owner}'s`);
            assert.doesNotMatch(a, /^[25]/, `${o.id} of ${login}: ${a}`);
          }
        }
      }
    }
  });
}

test('to others an item of a bulk on a record out of scope is one on a record that nobody has', async () => {
  for (const thing of things.filter((t) => t.kind === 'records')) {
    for (const login of others(thing)) {
      const who = await server.as(login);
      for (const act of ['update', 'delete', 'restore', 'transfer']) {
        for (const fields of [{ grade: 'a' }, { grade: 'no such' }, { owner: 10 }]) {
          const none = randomUUID();
          const send = (id) => who.post('/api/v1/records/customer/bulk', { act, items: [{ id, version: 1, fields }] });
          assert.equal(plain(await send(thing.id), thing.id), plain(await send(none), none), `${act} of ${login} on ${thing.owner}'s`);
        }
      }
    }
  }
});

// The whole stream of a job's events, to its end.
const events = (who, job) => new Promise((done, failed) => {
  const headers = { cookie: [...who.cookies].map((pair) => pair.join('=')).join('; ') };
  https.get({ host: '127.0.0.1', servername: 'localhost', port: who.port, path: `/api/v1/jobs/${job}/events`, headers, ca: server.ca(), agent: false }, (a) => {
    let text = '';
    a.on('data', (part) => (text += part));
    a.on('end', () => done({ status: a.statusCode, text }));
    a.on('error', failed);
  }).on('error', failed);
});

// Every text in it is one of a few words: there is no room for a value.
const WORDS = /^(event: progress|data: .*|:)?$/;
function words(node) {
  if (typeof node === 'string') return [node];
  return node === null || typeof node !== 'object' ? [] : Object.values(node).flatMap(words);
}

test('a running import tells its starter counts and codes, others nothing', async () => {
  const [sales1, leader] = await Promise.all(['sales1', 'leader'].map((l) => server.as(l)));
  const rows = Array.from({ length: 600 }, (_, i) => ['单位', `流水公司${i}`, mobile(), i % 3 ? 'a' : '不存在的等级']);
  const id = await upload(sales1, rows);
  const job = await start(sales1, id);
  const own = events(sales1, job);
  const theirs = await leader.get(`/api/v1/jobs/${job}/events`);
  const none = await leader.get(`/api/v1/jobs/${randomUUID()}/events`);
  assert.equal(plain(theirs, job), plain(none, job));
  const { status, text } = await own;
  assert.equal(status, 200);
  assert.ok(text.split('\n').every((line) => WORDS.test(line)), text.slice(0, 500));
  const told = text.split('\n').filter((l) => l.startsWith('data: ')).map((l) => JSON.parse(l.slice(6)));
  assert.ok(told.length > 0 && over(told.at(-1)), text.slice(-500));
  assert.equal(told.at(-1).result.rejected, 200);
  const values = rows.flatMap((r) => r.slice(1)).concat('甲13977770001');
  for (const said of [...told, ok(await sales1.get(`/api/v1/jobs/${job}`))].map((j) => JSON.stringify(j))) for (const v of values.filter((v) => v !== 'a')) assert.ok(!said.includes(v), `${v} in ${said}`);
  for (const w of words(told)) assert.ok(/^[a-z_]*$/.test(w) || /^[0-9a-f-]{36}$/.test(w) || !Number.isNaN(Date.parse(w)), `a job says: ${w}`);
});

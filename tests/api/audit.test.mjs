import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { Server, until } from './server.mjs';

let server, sales1, service, auditor;
const signIn = async () => ([sales1, service, auditor] = await Promise.all(['sales1', 'service1', 'auditor'].map((l) => server.as(l))));
before(async () => {
  server = await new Server().start();
  await signIn();
});
after(() => server.stop());

const reason = '客户来电核实身份';
const page = async (who, query) => ok(await who.get(`/api/v1/audit?${query}`));
const visible = (seq) => until('the index has the entry', async () => (await page(auditor, 'limit=1')).indexed_to >= seq);

test('a reveal is in the explorer, with who, what, where and why', async () => {
  const made = await sales1.create('customer', company({ mobile: '13866668888' }));
  const done = ok(await service.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['mobile'], reason }));
  await visible(done.audit);
  const { items } = await page(auditor, `act=reveal&record=${made.id}`);
  assert.equal(items.length, 1);
  const [e] = items;
  assert.equal(e.seq, done.audit);
  assert.deepEqual(e.actor, { id: 15, name: '孙丽' });
  assert.equal(e.act, 'reveal');
  assert.equal(e.outcome, 'allowed');
  assert.equal(e.object, 'customer');
  assert.deepEqual(e.records, [made.id]);
  assert.ok(e.fields.some((f) => f.name === 'mobile' && f.view === 'clear'));
  // Who has no definitions is told what the things are called.
  assert.equal(e.label.zh, '客户');
  assert.equal(e.fields.find((f) => f.name === 'mobile').label.zh, '手机');
  assert.ok((await page(service, 'actor=me&act=reveal')).items.every((i) => !('label' in i)));
  assert.equal(e.address, '127.0.0.1');
  assert.match(e.session, /^[0-9a-f-]{36}$/);
  assert.match(e.request, /^[0-9a-f-]{36}$/);
  assert.equal(e.has_detail, true);
  assert.ok(!JSON.stringify(items).includes('13866668888'));
  const one = ok(await auditor.get(`/api/v1/audit/${e.seq}`));
  assert.equal(one.detail, reason);
  const opened = await until('the opening is recorded', async () =>
    (await page(auditor, 'actor=me&act=view')).items.find((i) => i.tag === `audit_detail ${e.seq}`));
  assert.equal(opened.actor.id, 3);
});

test('a refused reveal is there too', async () => {
  const made = await sales1.create('customer', company());
  const marketing = await server.as('marketing');
  problem(await marketing.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['mobile'], reason }), 403, 'reveal_denied');
  const found = await until('the refusal is listed', async () => (await page(auditor, `record=${made.id}&outcome=denied`)).items[0]);
  assert.equal(found.act, 'refuse');
  assert.equal(found.actor.id, 24);
  assert.equal(found.tag, 'reveal_denied revealRecord');
});

test('what the engine refuses is there: a hidden record, a missing right, a forged write, a body that no page sends', async () => {
  const made = await sales1.create('customer', company());
  const sales2 = await server.as('sales2');
  const listed = async (who, tag) => {
    const { user } = ok(await who.get('/api/v1/me'));
    return until(`${tag} is listed`, async () => (await page(auditor, `act=refuse&actor=${user}`)).items.find((e) => e.tag === tag));
  };
  problem(await sales2.get(`/api/v1/records/customer/${made.id}`), 404, 'not_found');
  const hidden = await listed(sales2, 'not_found getRecord');
  assert.deepEqual([hidden.object, hidden.records, hidden.outcome], ['customer', [made.id], 'denied']);
  problem(await service.post('/api/v1/records/customer', company()), 403, 'denied');
  assert.equal((await listed(service, 'denied createRecord')).object, 'customer');
  problem(await service.request('POST', '/api/v1/records/customer', { body: company(), csrf: 'x'.repeat(43) }), 403, 'csrf');
  await listed(service, 'csrf createRecord');
  problem(await service.request('POST', '/api/v1/records/customer', { body: '{"name":' }), 400, 'invalid_json');
  await listed(service, 'invalid_json createRecord');
  problem(await server.client().get(`/api/v1/records/customer/${made.id}`), 401, 'unauthenticated');
  assert.ok(!(await page(auditor, 'act=refuse')).items.some((e) => e.tag.startsWith('unauthenticated')));
});

test('what is refused within a bulk is there in one entry, with the ids of all that was refused', async () => {
  const made = [];
  for (let i = 0; i < 3; i++) made.push(await sales1.create('customer', company()));
  const sales2 = await server.as('sales2');
  const mine = await sales2.create('customer', company());
  const listed = (what) => until(`${what} is listed`, async () => (await page(auditor, `act=refuse&record=${made[2].id}`)).items.filter((e) => e.tag === what)[0]);
  const sent = ok(await sales2.post('/api/v1/records/customer/bulk', { act: 'update', items: [...made, mine].map((m) => ({ id: m.id, version: 1, fields: { grade: 'a' } })) }), 207);
  assert.deepEqual(sent.items.map((i) => i.status), [404, 404, 404, 200]);
  const one = await listed('not_found bulkRecords');
  assert.deepEqual([one.object, one.outcome, one.actor.id, one.records], ['customer', 'denied', 11, made.map((m) => m.id)]);
  const mixed = ok(await sales1.post('/api/v1/records/customer/bulk', { act: 'delete', items: [made[2], mine].map((m) => ({ id: m.id, version: 1 })) }), 207);
  assert.deepEqual(mixed.items.map((i) => i.status), [403, 404]);
  assert.deepEqual((await listed('several bulkRecords')).records, [made[2].id, mine.id]);
  assert.equal((await page(auditor, `act=refuse&record=${made[0].id}`)).items.length, 1, 'once, not once an item');
  ok(await sales2.post('/api/v1/records/customer/bulk', { act: 'update', items: [{ id: mine.id, version: 1, fields: { grade: 'b' } }] }), 207);
  assert.equal((await page(auditor, `act=refuse&record=${mine.id}`)).items.length, 1, 'what was only stale is no refusal');
});

test('signing in, failing to and signing out are there, without what was typed', async () => {
  const c = await server.as('sales2');
  const { user } = ok(await c.get('/api/v1/me'));
  problem(await server.client().post('/api/v1/session', { login: 'sales2', password: 'mistyped secret' }), 401, 'sign_in_failed');
  problem(await server.client().post('/api/v1/session', { login: 'nobody-of-ours', password: 'mistyped secret' }), 401, 'sign_in_failed');
  ok(await c.delete('/api/v1/session'), 204);
  for (const [query, outcome] of [[`act=sign_in&actor=${user}`, 'allowed'], [`act=sign_in_failed&actor=${user}`, 'denied'], [`act=sign_out&actor=${user}`, 'allowed']]) {
    const e = await until(`${query} is listed`, async () => (await page(auditor, query)).items[0]);
    assert.equal(e.outcome, outcome);
    assert.equal(e.address, '127.0.0.1');
  }
  const failed = await page(auditor, 'act=sign_in_failed');
  assert.ok(failed.items.some((e) => e.tag === 'unknown_login'));
  assert.doesNotMatch(JSON.stringify(failed), /mistyped|nobody-of-ours/);
});

test('filters narrow, pages go on where the last one ended', async () => {
  const made = await sales1.create('customer', company());
  for (let i = 0; i < 7; i++) ok(await sales1.get(`/api/v1/records/customer/${made.id}`));
  const whole = await until('all are indexed', async () => {
    const p = await page(auditor, `record=${made.id}&act=view&actor=10&limit=200`);
    return p.items.length >= 7 && p;
  });
  assert.ok(whole.items.every((i) => i.act === 'view' && i.actor.id === 10 && i.records.includes(made.id)));
  const walked = [];
  for (let before = 0; before !== null;) {
    const p = await page(auditor, `record=${made.id}&act=view&actor=10&limit=3&before=${before}`);
    walked.push(...p.items.map((i) => i.seq));
    before = p.next;
  }
  assert.deepEqual(walked, whole.items.map((i) => i.seq));
  assert.deepEqual([...walked].sort((a, b) => b - a), walked, 'newest first');
  assert.deepEqual((await page(auditor, `record=${made.id}&from=2100-01-01`)).items, []);
  assert.deepEqual((await page(auditor, `record=${made.id}&to=2020-01-01T00:00:00Z`)).items, []);
  assert.ok((await page(auditor, 'object=customer&act=create')).items.length >= 1);
  assert.deepEqual((await page(auditor, 'object=contact&act=create')).items, []);
  for (const q of ['act=no', 'outcome=no', 'record=x', 'actor=x', 'from=x', 'limit=0', 'limit=201', 'before=x']) problem(await auditor.get(`/api/v1/audit?${q}`), 400, 'invalid');
  problem(await auditor.get('/api/v1/audit?object=no'), 404, 'unknown_object');
});

test('everybody may see his own acts, nobody but the auditor those of others', async () => {
  const own = await page(sales1, 'actor=me');
  assert.ok(own.items.length > 0 && own.items.every((i) => i.actor.id === 10));
  for (const q of ['', 'actor=15', 'act=view']) problem(await sales1.get(`/api/v1/audit?${q}`), 403, 'not_your_duty');
  const reveal = (await page(auditor, 'act=reveal')).items[0];
  problem(await sales1.get(`/api/v1/audit/${reveal.seq}`), 404, 'not_found');
  assert.equal(ok(await service.get(`/api/v1/audit/${reveal.seq}`)).detail, null, 'the reason is for the auditor');
  for (const path of ['/api/v1/audit/0', '/api/v1/audit/x', '/api/v1/audit/999999999']) problem(await auditor.get(path), 404, 'not_found');
  for (const who of ['boss', 'sysadmin', 'secadmin']) problem(await (await server.as(who)).get('/api/v1/audit'), 403, 'not_your_duty');
});

test('the signed head is a note for witnesses; only the auditor gets it', async () => {
  const head = await until('there is a checkpoint', async () => {
    const a = await auditor.get('/api/v1/audit/head');
    return a.status === 200 && a;
  }, 20);
  assert.match(head.headers['content-type'], /^text\/plain/);
  assert.match(head.text, /^kedun\/audit\n\d+\n[A-Za-z0-9+/]{43}=\n\n— kedun\/audit \S+\n$/);
  problem(await sales1.get('/api/v1/audit/head'), 403, 'not_your_duty');
});

test('a lost index is built again from the log', async () => {
  const before = (await page(auditor, 'act=reveal&limit=200')).items.map((i) => i.seq);
  await server.halt();
  for (const ending of ['', '-wal', '-shm']) rmSync(join(server.data, `db/audit-index.db${ending}`), { force: true });
  for (const c of server.clients.values()) c.close();
  server.clients.clear();
  await server.launch();
  await server.ready();
  await signIn();
  await visible(Math.max(...before));
  assert.deepEqual((await page(auditor, 'act=reveal&limit=200')).items.map((i) => i.seq), before);
});

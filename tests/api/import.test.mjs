// Importing a CSV: upload in parts, preview, check, import with progress, rejected rows, undo; and who may not.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { mobile } from './people.mjs';
import { Server, until } from './server.mjs';

let server, leader;
before(async () => {
  server = await new Server().start();
  leader = await server.as('leader');
});
after(() => server.stop());

const base = '/api/v1/imports';

async function upload(c, bytes, { object = 'customer', name = 'customers.csv' } = {}) {
  const { id, part_size } = ok(await c.post(base, { object, file_name: name, size: bytes.length }), 201);
  for (let n = 0; n * part_size < bytes.length; n++) {
    const part = bytes.subarray(n * part_size, (n + 1) * part_size);
    ok(await c.request('PUT', `${base}/${id}/parts/${n}`, { body: part, headers: { 'content-type': 'application/octet-stream' } }), 204);
  }
  return id;
}

const over = (c, job, seconds = 60) =>
  until(`job ${job}`, async () => {
    const j = ok(await c.get(`/api/v1/jobs/${job}`));
    return ['done', 'failed', 'cancelled'].includes(j.state) && j;
  }, seconds);

const mapping = [
  { column: 0, field: 'customer_type' },
  { column: 1, field: 'name' },
  { column: 2, field: 'mobile' },
];

async function run(c, csv, plan = { mapping }, o) {
  const id = await upload(c, Buffer.from(csv), o);
  ok(await c.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await c.post(`${base}/${id}/start`, plan), 202);
  return { id, job: await over(c, job) };
}

test('a CSV becomes customers, found by their mobile and marked with their import', async () => {
  const a = mobile();
  const b = mobile();
  const csv = `\ufeff客户类型,公司名称,手机\r\n单位,导入一号公司,${a}\r\ncompany,"导入,二号""公司""",${b}\r\n`;
  const id = await upload(leader, Buffer.from(csv));
  assert.equal(ok(await leader.get(`${base}/${id}`)).state, 'ready');
  const seen = ok(await leader.post(`${base}/${id}/preview`, { encoding: 'auto', delimiter: 'auto', header: true }));
  assert.equal(seen.encoding, 'utf-8');
  assert.equal(seen.delimiter, ',');
  assert.equal(seen.rows_estimate, 2);
  assert.deepEqual(seen.columns.map((x) => x.header), ['客户类型', '公司名称', '手机']);
  assert.equal(seen.columns[2].suggested_field, 'mobile');
  assert.deepEqual(seen.columns[1].samples, ['导入一号公司', '导入,二号"公司"']);
  const checked = ok(await leader.post(`${base}/${id}/check`, { mapping, owner: 'me' }));
  assert.equal(checked.ok, 2, JSON.stringify(checked));
  assert.equal(checked.rows[1].values.name, '导入,二号"公司"');
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping, owner: 'me' }), 202);
  problem(await leader.post(`${base}/${id}/start`, { mapping }), 409, 'import_started');
  const end = await over(leader, job);
  assert.equal(end.state, 'done', JSON.stringify(end));
  assert.deepEqual(end.result, { rows: 2, imported: 2, rejected: 0, duplicates: 0 });
  const got = await leader.query('customer', { where: { field: 'mobile', op: 'eq', value: b }, fields: ['name', 'mobile'] });
  assert.equal(got.items.length, 1);
  assert.equal(got.items[0].name, '导入,二号"公司"');
  const shown = ok(await leader.get(`${base}/${id}`));
  assert.equal(shown.state, 'done');
  assert.equal(shown.file_name, 'customers.csv');
});

test('bad rows are kept with line and reason; the good ones around them come in', async () => {
  const a = mobile();
  const csv = ['type,name,mobile', `company,好公司甲,${a}`, 'company,坏手机,12345', `company,重复手机,${a}`, 'company,少一列',
    `=cmd,"=HYPERLINK(""x"")",${mobile()}`, `company,好公司乙,${mobile()}`, ''].join('\n');
  const { id, job } = await run(leader, csv);
  assert.equal(job.state, 'done', JSON.stringify(job));
  assert.deepEqual(job.result, { rows: 6, imported: 2, rejected: 4, duplicates: 1 });
  const rejects = await leader.get(`${base}/${id}/rejects`);
  assert.equal(rejects.status, 200);
  assert.match(rejects.headers['cache-control'], /no-store/);
  const lines = rejects.text.split('\r\n');
  assert.ok(lines[0].startsWith('\ufeff'), lines[0]);
  assert.match(lines[0], /type,name,mobile$/);
  assert.match(lines[1], /^3,.*company,坏手机,12345$/);
  assert.match(lines[2], /^4,.*company,重复手机/);
  assert.match(lines[3], /^5,.*company,少一列$/);
  assert.match(lines[4], /^6,.*,"'=cmd","'=HYPERLINK\(""x""\)",/);
});

test('GB18030 is recognised', async () => {
  // 类型,名称,手机 / 单位,重庆长江公司
  const head = Buffer.from('c0e0d0cd2cc3fbb3c62ccad6bbfa0a', 'hex');
  const row = Buffer.concat([Buffer.from('b5a5cebb2cd6d8c7ecb3a4bdadb9abcbbe2c', 'hex'), Buffer.from(`${mobile()}\n`)]);
  const id = await upload(leader, Buffer.concat([head, row]));
  const seen = ok(await leader.post(`${base}/${id}/preview`, {}));
  assert.equal(seen.encoding, 'gb18030');
  assert.equal(seen.columns[2].header, '手机');
  assert.equal(seen.columns[1].samples[0], '重庆长江公司');
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping }), 202);
  assert.equal((await over(leader, job)).result.imported, 1);
});

test('nothing of an upload or a rejected row lies in clear on the disk, and the parts go with the job', async () => {
  const word = 'UNMISTAKABLE7391';
  const { id, job } = await run(leader, `t,n,m\ncompany,${word},not-a-mobile\n`, { mapping }, { name: `${word}.csv` });
  assert.equal(job.result.rejected, 1);
  const dir = join(server.data, 'uploads', id);
  await until('the parts to go', () => readdirSync(dir).join() === 'r0'); // just after the job's end is written
  for (const f of readdirSync(dir)) assert.ok(!readFileSync(join(dir, f)).includes(word), f);
  for (const f of readdirSync(join(server.data, 'db'))) assert.ok(!readFileSync(join(server.data, 'db', f)).includes(word), f);
  assert.ok((await leader.get(`${base}/${id}/rejects`)).text.includes(word));
});

test("undo takes away what nobody has changed, keeps and counts the rest", async () => {
  const m = [mobile(), mobile(), mobile()];
  const { id } = await run(leader, `t,n,m\n${m.map((x, i) => `company,撤销公司${i},${x}`).join('\n')}\n`);
  const find = async (x) => (await leader.query('customer', { where: { field: 'mobile', op: 'eq', value: x } })).items[0];
  const first = await leader.read('customer', (await find(m[0])).id);
  await leader.update('customer', first, { name: '改过的公司' });
  const { job } = ok(await leader.post(`${base}/${id}/undo`), 202);
  const end = await over(leader, job);
  assert.equal(end.state, 'done', JSON.stringify(end));
  assert.deepEqual(end.result, { undone: 2, kept: 1 });
  assert.ok(await find(m[0]));
  assert.equal(await find(m[1]), undefined);
  assert.equal(ok(await leader.get(`${base}/${id}`)).state, 'undone');
  problem(await leader.post(`${base}/${id}/undo`), 409, 'import_undone');
});

test("another's import and job answer as if they were not there", async () => {
  const { id, job } = await run(leader, `t,n,m\ncompany,别人的,${mobile()}\n`);
  const head = await server.as('head');
  for (const path of [`${base}/${id}`, `${base}/${id}/rejects`, `/api/v1/jobs/${job.id}`, `/api/v1/jobs/${job.id}/events`])
    problem(await head.get(path), 404, 'not_found');
  for (const path of [`${base}/${id}/undo`, `/api/v1/jobs/${job.id}/cancel`]) problem(await head.post(path), 404, 'not_found');
  for (const path of [`${base}/${id}/preview`, `${base}/${id}/check`, `${base}/${id}/start`]) problem(await head.post(path, { mapping }), 404, 'not_found');
  assert.ok(!ok(await head.get(base)).items.some((i) => i.id === id));
});

test('who may not import can not begin', async () => {
  const service = await server.as('service1');
  const answer = await service.post(base, { object: 'customer', file_name: 'a.csv', size: 10 });
  problem(answer, 403, 'denied');
  const nobody = await server.as('nobody');
  problem(await nobody.post(base, { object: 'customer', file_name: 'a.csv', size: 10 }), 404, 'unknown_object');
});

test('workbooks, missing parts, wrong sizes and wrong mappings are refused with a reason', async () => {
  problem(await leader.post(base, { object: 'customer', file_name: 'a.XLSX', size: 10 }), 422, 'file_xlsx', 'file_name');
  problem(await leader.post(base, { object: 'customer', file_name: 'a.csv', size: 0 }), 422, 'file_empty', 'size');
  problem(await leader.post(base, { object: 'unicorn', file_name: 'a.csv', size: 1 }), 404, 'unknown_object');
  const zip = await upload(leader, Buffer.from('PK\x03\x04 a workbook under another name'));
  problem(await leader.post(`${base}/${zip}/preview`, {}), 422, 'file_xlsx');
  const { id } = ok(await leader.post(base, { object: 'customer', file_name: 'a.csv', size: 10 }), 201);
  assert.equal(ok(await leader.get(`${base}/${id}`)).state, 'uploading');
  problem(await leader.post(`${base}/${id}/start`, { mapping }), 409, 'upload_incomplete');
  const put = (n, body) => leader.request('PUT', `${base}/${id}/parts/${n}`, { body: Buffer.from(body), headers: { 'content-type': 'application/octet-stream' } });
  problem(await put(0, 'short'), 422, 'part_size');
  problem(await put(1, '0123456789'), 422, 'part_size');
  ok(await put(0, 'a,b,c\n1,2,'), 204);
  problem(await leader.post(`${base}/${id}/start`, { mapping: [] }), 422, 'bad_mapping');
  problem(await leader.post(`${base}/${id}/start`, { mapping: [{ column: 0, field: 'no_such' }] }), 422, 'unknown_field');
  problem(await leader.post(`${base}/${id}/start`, { mapping: [{ column: 0, field: 'name' }, { column: 1, field: 'name' }] }), 422, 'bad_mapping');
});

test('whoever has announced 8 GiB that are not over begins nothing more, also at the same moment; others do', async () => {
  const manager = await server.as('manager');
  const begin = (c, size) => c.post(base, { object: 'customer', file_name: 'a.csv', size });
  const most = 4 * 1024 ** 3;
  const at_once = await Promise.all(Array.from({ length: 5 }, () => begin(manager, most)));
  assert.deepEqual(at_once.map((r) => r.status).sort(), [201, 201, 429, 429, 429]);
  problem(await begin(manager, 10), 429, 'too_many_imports');
  ok(await begin(leader, 10), 201);
});

test('the owner can come from a column, by login, and decides who sees the record', async () => {
  const m = mobile();
  const { job } = await run(leader, `t,n,m,who\ncompany,归属公司,${m},sales1\ncompany,无人公司,${mobile()},no-such\n`, { mapping: [...mapping, { column: 3, field: 'owner' }] });
  assert.deepEqual(job.result, { rows: 2, imported: 1, rejected: 1, duplicates: 0 });
  const sales = await server.as('sales1');
  const got = await sales.query('customer', { where: { field: 'mobile', op: 'eq', value: m }, fields: ['name', 'owner'] });
  assert.equal(got.items[0].owner.id, 10);
});

test("progress comes as events, and the stream ends with its job", async () => {
  const id = await upload(leader, Buffer.from(`t,n,m\ncompany,事件公司,${mobile()}\n`));
  ok(await leader.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping }), 202);
  const events = await leader.get(`/api/v1/jobs/${job}/events`);
  assert.match(events.headers['content-type'], /^text\/event-stream; charset=utf-8$/);
  const last = events.text.trim().split('\n\n').filter((x) => x.startsWith('event: progress')).at(-1);
  assert.equal(JSON.parse(last.split('data: ')[1]).state, 'done');
});

// A request whose body comes after its head waits at the engine; a stream that it is answered with borrows the connection.
function lateByte(c, path) {
  return new Promise((done, failed) => {
    const q = https.request({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername: 'localhost', agent: false, method: 'GET', path,
      headers: { cookie: [...c.cookies].map((pair) => pair.join('=')).join('; '), 'content-length': 1 } }, (a) => {
      let text = '';
      a.on('data', (part) => (text += part));
      a.on('end', () => done(text));
    });
    q.on('error', failed);
    q.flushHeaders();
    setTimeout(() => q.end(' '), 500);
  });
}

test('nobody gets the answer to the request before his own when a stream gives its connection back', async () => {
  const { job } = await run(leader, `t,n,m\ncompany,余响公司,${mobile()}\n`);
  for (let round = 0; round < 3; round++) {
    assert.match(await lateByte(leader, `/api/v1/jobs/${job.id}/events`), /^event: progress/);
    for (let i = 0; i < 6; i++) {
      const next = await leader.get('/api/v1/me');
      assert.match(next.headers['content-type'], /^application\/json/);
      assert.ok(next.json.user, next.text.slice(0, 80));
    }
  }
});

const many = (n, tag) => ['t,n,m', ...Array.from({ length: n }, (_, i) => `company,${tag}${i},${mobile()}`), ''].join('\n');

/* The answer's head; the stream stays open until its job ends. */
function stream(c, path) {
  return new Promise((done, failed) => {
    const q = https.get({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername: 'localhost', agent: false, path,
      headers: { cookie: [...c.cookies].map((pair) => pair.join('=')).join('; ') } }, (a) => done({ status: a.statusCode, ended: new Promise((end) => a.resume().on('end', end)) }));
    q.on('error', failed);
  });
}

test('one person holds sixteen streams of events at most, and others have theirs', async () => {
  const steward = await server.as('steward');
  const theirs = (await run(steward, `t,n,m\ncompany,旁人公司,${mobile()}\n`)).job;
  const id = await upload(leader, Buffer.from(many(60000, '流公司')));
  ok(await leader.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping }), 202);
  const open = await Promise.all(Array.from({ length: 16 }, () => stream(leader, `/api/v1/jobs/${job}/events`)));
  for (const one of open) assert.equal(one.status, 200);
  problem(await leader.get(`/api/v1/jobs/${job}/events`), 429, 'too_many_streams');
  assert.match((await steward.get(`/api/v1/jobs/${theirs.id}/events`)).text, /^event: progress/);
  ok(await leader.post(`/api/v1/jobs/${job}/cancel`), 202);
  await Promise.all(open.map((one) => one.ended));
  assert.match((await leader.get(`/api/v1/jobs/${job}/events`)).text, /^event: progress/);
});

test('a cancelled import keeps what it has done and says so', async () => {
  const id = await upload(leader, Buffer.from(many(60000, '取消公司')));
  ok(await leader.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping }), 202);
  ok(await leader.post(`/api/v1/jobs/${job}/cancel`), 202);
  const end = await over(leader, job);
  assert.equal(end.state, 'cancelled');
  assert.ok(end.result.imported < 60000);
  assert.equal(ok(await leader.get(`${base}/${id}`)).state, 'cancelled');
});

test('a role that is taken away binds an import that is running', async () => {
  const steward = await server.as('steward'), sec = await server.as('secadmin'), n = 400000;
  const id = await upload(steward, Buffer.from(many(n, '收权公司')));
  ok(await steward.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await steward.post(`${base}/${id}/start`, { mapping }), 202);
  await until('some rows', async () => ok(await steward.get(`/api/v1/jobs/${job}`)).result.imported > 0);
  ok(await sec.patch('/api/v1/people/21', { roles: ['service'] }));
  const end = await over(steward, job);
  assert.ok(end.result.imported > 0 && end.result.imported < n, JSON.stringify(end));
  ok(await sec.patch('/api/v1/people/21', { roles: ['data_steward'] }));
});

test('an import goes on after its process was killed; no row comes twice', async () => {
  const n = 20000;
  const id = await upload(leader, Buffer.from(many(n, '中断公司')));
  ok(await leader.post(`${base}/${id}/preview`, {}));
  const { job } = ok(await leader.post(`${base}/${id}/start`, { mapping }), 202);
  await until('some rows', async () => ok(await leader.get(`/api/v1/jobs/${job}`)).result.imported > 0);
  const kids = readFileSync(`/proc/${server.process.pid}/task/${server.process.pid}/children`, 'utf8').trim().split(' ');
  const role = kids.find((k) => readFileSync(`/proc/${k}/cmdline`, 'utf8').includes('--role\0jobs') || readFileSync(`/proc/${k}/cmdline`, 'utf8').includes('--role=jobs'));
  assert.ok(role, 'no jobs process');
  process.kill(Number(role), 'SIGKILL');
  const end = await over(leader, job, 120);
  assert.equal(end.state, 'done', JSON.stringify(end));
  assert.deepEqual(end.result, { rows: n, imported: n, rejected: 0, duplicates: 0 });
  const counted = await leader.query('customer', { where: { field: 'name', op: 'starts_with', value: '中断公司' }, count: true, limit: 1 });
  assert.equal(counted.count.value, n);
});

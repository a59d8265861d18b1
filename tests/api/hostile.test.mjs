import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company } from './people.mjs';
import { Server } from './server.mjs';

let server, sales1;
before(async () => {
  server = await new Server().start();
  sales1 = await server.as('sales1');
});
after(() => server.stop());

const path = '/api/v1/records/customer';

test('what is not a JSON object is refused', async () => {
  for (const body of ['{', '[]', '1', 'null', '"x"', '{"a":1,"a":2}', '{"a":1}x', '\u0000', '{"a":"\u0000"}', '', '{"a":\\u0041}'])
    problem(await sales1.post(path, body), 400, 'invalid_json');
});

test('invalid UTF-8, NUL and lone surrogates are refused wherever they stand', async () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe6, 0xb5]])
    problem(await sales1.post(path, Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')])), 400, 'invalid_json');
  problem(await sales1.post(path, '{"name":"\\ud800"}'), 400, 'invalid_json');
  const nul = await sales1.post(path, '{"name":"a\\u0000b"}');
  assert.ok([400, 422].includes(nul.status), nul.text);
  for (const p of [`${path}?sort=%ff`, `${path}?filter=%ff`, `${path}?fields=%00`, '/api/v1/records/%ff', '/api/v1/objects/%00']) {
    const a = await sales1.get(p);
    assert.ok(a.status >= 400 && a.status < 500, `${p}: ${a.status}`);
  }
});

test('deep and huge bodies are refused and cost no more than their size', async () => {
  problem(await sales1.post(path, '['.repeat(20000) + ']'.repeat(20000)), 400, 'invalid_json');
  problem(await sales1.post(path, '['.repeat(100000) + ']'.repeat(100000)), 413, 'too_large');
  problem(await sales1.post(`${path}/query`, `{"where":${'{"not":'.repeat(3000)}{}${'}'.repeat(3000)}}`), 400, 'invalid_json');
  problem(await sales1.post(`${path}/query`, `{"where":${'{"not":'.repeat(1000)}{}${'}'.repeat(1000)}}`), 422, 'bad_filter');
  const big = await sales1.post(path, { name: 'x'.repeat(2 * 1024 * 1024) });
  assert.equal(big.status, 413, big.text);
  const long = await sales1.post(path, company({ remark: '长'.repeat(100000) }));
  problem(long, 422, 'invalid_fields', 'remark');
  const many = await sales1.post(path, Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, i])));
  problem(many, 422, 'invalid_fields');
  assert.ok(many.json.errors.length <= 100);
  ok(await sales1.post(path, company({ remark: '长'.repeat(5000) })), 201);
});

test('members of the wrong kind are refused, never guessed', async () => {
  for (const [field, value] of [['name', {}], ['name', []], ['grade', 7], ['employees', 1.5], ['employees', '12x'], ['employees', 1e300], ['annual_amount', {}], ['tags', [1]], ['tags', [['a']]],
    ['birth_date', 20201301], ['last_contact_at', 'yesterday'], ['owner', 'Wang'], ['mobile', true], ['parent_company', { id: 'x' }]])
    problem(await sales1.post(path, company({ [field]: value })), 422, 'invalid_fields', field);
  for (const q of [{ fields: 7 }, { sort: {} }, { fields: [[]] }, { search: {} }, { cursor: 7 }, { where: 7 }, { count: 'yes' }, { group_by: 7 }]) {
    const a = await sales1.post(`${path}/query`, q);
    assert.ok(a.status === 200 || (a.status >= 400 && a.status < 500), `${JSON.stringify(q)}: ${a.status} ${a.text}`);
  }
});

test('ids, versions and keys of odd shapes are refused', async () => {
  for (const id of ['x', '..', '%2e%2e', '00000000-0000-0000-0000-000000000000', 'A'.repeat(1000), "'", '%27%20or%201=1']) {
    const a = await sales1.get(`${path}/${id}`);
    assert.ok([400, 404].includes(a.status), `${id}: ${a.status}`);
  }
  const made = await sales1.create('customer', company());
  for (const v of ['0', '-1', '1.5', '"1', '*', 'W/"1"', '99999999999999999999999'])
    problem(await sales1.request('PATCH', `${path}/${made.id}`, { body: { grade: 'a' }, headers: { 'if-match': v } }), 400, 'invalid');
  for (const key of ['x'.repeat(65), 'ünicode']) {
    const a = await sales1.post(path, company(), { headers: { 'idempotency-key': Buffer.from(key, 'utf8').toString('latin1') } });
    problem(a, 400, 'invalid');
  }
});

test('text comes back as it was written, whatever it looks like', async () => {
  for (const name of ["Robert'); DROP TABLE o_1;--", '<script>alert(1)</script>', '${jndi:ldap://x}', '=cmd|\' /C calc\'!A0', '😀🇨🇳👨‍👩‍👧', 'a"b\\c', '%s%n', '\u202eabc']) {
    const made = await sales1.create('customer', company({ name }));
    if (!/[\u200d\u202e]/.test(name)) assert.equal(made.name, name);
    ok(await sales1.get(`${path}/${made.id}`));
  }
  const answer = await sales1.get(path);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.match((await sales1.get('/metrics')).headers['content-type'], /^text\/plain.*charset=utf-8/);
});

test('the engine’s own socket takes garbage without harm', async () => {
  const socket = `${server.data}/run/fastcgi.sock`;
  for (const bytes of [
    'garbage', // no version of ours
    Buffer.of(1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0), // ends too early
    Buffer.of(1, 1, 0, 1, 0, 8, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0), // another role
    Buffer.of(1, 9, 0, 0, 0, 0, 0, 0), // asks for values
    Buffer.of(1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 3, 0, 0, 0xff, 0xff, 0xff, 1, 4, 0, 1, 0, 0, 0, 0), // a name longer than all
    Buffer.alloc(100000, 1),
  ]) {
    await new Promise((done) => {
      const s = connect(socket, () => s.end(bytes));
      s.on('data', () => {});
      s.on('close', done);
      s.on('error', done);
    });
  }
  ok(await sales1.get(path));
});

test('many requests at once are all answered', async () => {
  const clients = Array.from({ length: 20 }, () => server.client());
  for (const c of clients) c.cookies = new Map(sales1.cookies);
  const answers = await Promise.all(clients.flatMap((c) => Array.from({ length: 10 }, () => c.get(`${path}?limit=5`))));
  for (const a of answers) ok(a);
  for (const c of clients) c.close();
});

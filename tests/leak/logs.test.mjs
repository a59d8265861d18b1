// What the processes and nginx say when things go wrong: errors of every kind are provoked with values planted in all that
// a client can send (and in an upload), the processes are killed in the midst of such requests, and nothing of it may
// stand in their words, nor in any file beside the database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import https from 'node:https';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { ok } from '../api/client.mjs';
import { Server, password, until } from '../api/server.mjs';
import { roles } from '../crash/roles.mjs';
import { Checker } from './checker.mjs';
import { canary } from './plant.mjs';

const octets = { 'content-type': 'application/octet-stream' };
const kinds = { mobile: { type: 'mobile' }, name: { type: 'text' }, mail: { type: 'mail' }, id: { type: 'cn_resident_id' }, secret: { type: 'mail' } };
const plants = Object.fromEntries(Object.entries(kinds).map(([k, f]) => [k, canary(f)]));
const v = Object.fromEntries(Object.entries(plants).map(([k, c]) => [k, c.value]));
const mixed = `${v.mobile} ${v.name} ${v.mail} ${v.id}`;
const url = encodeURIComponent(mixed);
const checker = new Checker([{ object: 'customer', key: 'log', fields: plants }]);

let server, sales1, log = '';

class Tight extends Server { // the door's limits are among what is provoked
  bootstrap() {
    super.bootstrap();
    this.set.push('--set', 'connections_per_address=64');
  }
  async launch() {
    await super.launch();
    for (const stream of ['stdout', 'stderr']) this.process[stream].on('data', (t) => (log += t));
  }
}
before(async () => {
  server = await new Tight().start();
  sales1 = await server.as('sales1');
});
after(() => server.stop());

const cookie = () => [...sales1.cookies].map((pair) => pair.join('=')).join('; ');
// Bytes of one's own over TLS; resolves to what came back, whatever that was.
const raw = (text, { servername = 'localhost', wait = 3000 } = {}) => new Promise((done) => {
  let got = '';
  const s = tls.connect({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, () => s.write(text));
  s.setTimeout(wait, () => s.destroy());
  s.on('data', (part) => (got += part)).on('error', () => {}).on('close', () => done(got));
});
const lines = (...all) => `${all.join('\r\n')}\r\n\r\n`;

test('requests that nginx refuses', async () => {
  const host = `Host: localhost:${server.port}`, end = 'Connection: close';
  const answers = await Promise.all([
    lines(`GET /api/v1/${url}?q=${url} HTTP/9.9`, host), lines(`GE\x01T /${v.mobile} HTTP/1.1`, host), lines(`GET /${v.mobile}?${url} HTTP/1.1`, `Host: ${v.mobile}/..`, end),
    lines(`GET /${v.mobile}%zz?${url} HTTP/1.1`, host, end), lines(`GET /../../${v.mail} HTTP/1.1`, host, end), lines(`GET /${v.mobile}%00 HTTP/1.1`, host, end),
    lines(`GET / HTTP/1.1`, host, `${v.mail}: x`, `X ${v.mobile}: y`, end), lines(`GET /api/v1/me?${url} HTTP/1.1`, host, `Cookie: a=${v.mobile}${'x'.repeat(40000)}`, end),
    lines(`GET /${v.mobile}${'y'.repeat(40000)} HTTP/1.1`, host, end), lines(`POST /api/v1/session?${url} HTTP/1.1`, host, 'Transfer-Encoding: chunked', `Referer: ${v.mail}`, end),
    lines(`POST /api/v1/session?${url} HTTP/1.1`, host, 'Content-Length: 99999999', end), lines(`POST /${v.mobile} HTTP/1.1`, host, `Content-Length: ${v.mobile}x`, end),
    lines(`GET /api/v1/me?${url} HTTP/1.1`, host, `Sec-Fetch-Site: ${v.mail}`, end), lines(`CONNECT ${v.mobile}:443 HTTP/1.1`, host), lines(`GET /no/such/${v.mobile}.js?${url} HTTP/1.1`, host, end),
    `POST /api/v1/session HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"login":"${v.mail}`,
  ].map((text) => raw(text)));
  assert.ok(answers.filter((a) => /^HTTP\/1\.1 4\d\d/.test(a)).length >= 8, JSON.stringify(answers.map((a) => a.slice(0, 40))));
  await raw('', { servername: `${v.mobile}.example.cn`, wait: 200 });
  for (const a of answers) assert.deepEqual([...checker.search(a.split('\r\n\r\n').slice(1).join(''))], [], a.slice(0, 300));
});

test('more connections and sign-ins than the door lets in', async () => {
  const slow = `POST /api/v1/records/customer?${url} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nX: ${v.mobile}\r\n\r\n{"name":"${v.mail}`;
  const held = Array.from({ length: 80 }, () => raw(slow, { wait: 4000 }));
  const asked = await Promise.all(Array.from({ length: 80 }, () => raw(lines(`GET /api/v1/me?${url} HTTP/1.1`, 'Host: localhost', 'Connection: close'))));
  const all = [...asked, ...(await Promise.all(held))];
  assert.ok(all.some((a) => / 429 /.test(a)), 'nobody was refused');
});

test('requests that the engine refuses', async () => {
  const base = '/api/v1/records/customer';
  const made = await sales1.create('customer', { customer_type: 'company', name: '日志公司', mobile: v.mobile });
  const leaf = (field, op, value) => ({ where: { field, op, value } });
  const statuses = [];
  for (const [method, path, body, headers = {}] of [
    ['POST', base, { [v.mobile]: mixed, mobile: v.name, name: 'x'.repeat(5000) + v.mail }], ['POST', base, `{"name":"${mixed}"`], ['POST', base, `{"name":"${v.mail}","name":"${v.mobile}"}`],
    ['POST', base, Buffer.concat([Buffer.from(`{"name":"${v.mobile}`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])], ['POST', base, `[${JSON.stringify(mixed)}]`],
    ['POST', base, mixed, { 'content-type': `text/${v.mobile}` }], ['POST', base, { customer_type: 'company', name: v.name }, { 'idempotency-key': `${v.mobile}`.repeat(9) }],
    ['PATCH', `${base}/${made.id}`, { mobile: v.mobile, name: { a: v.name } }, { 'if-match': `"${v.mobile}"` }], ['PATCH', `${base}/${made.id}`, { mobile: v.mobile }, { 'if-match': '"99"' }],
    ['GET', `${base}/${v.mobile}`], ['GET', `${base}?filter=${url}`], ['GET', `${base}?cursor=${Buffer.from(v.mobile).toString('base64url')}&sort=${url}&fields=${url}`],
    ['GET', `/api/v1/records/${v.mobile}?q=${url}`], ['GET', `/api/v1/${v.mobile}`], ['GET', `/api/v1/audit/${v.mobile}?actor=${url}`],
    ['POST', `${base}/query`, leaf('mobile', v.mobile, v.mail)], ['POST', `${base}/query`, leaf(v.mobile, 'eq', v.mail)], ['POST', `${base}/query`, leaf('created_at', 'ge', mixed)], ['POST', `${base}/query`, { cursor: mixed }],
    ['POST', `${base}/query`, { search: mixed.repeat(2000) }], ['POST', `${base}/${made.id}/reveal`, { fields: [v.mobile], reason: mixed }], ['POST', `${base}/bulk`, { act: v.mobile, items: [mixed] }],
    ['POST', `${base}/bulk`, { act: 'update', items: [{ id: v.mobile, version: v.mobile, fields: mixed }] }], ['POST', '/api/v1/views/customer', { name: '', where: mixed }],
    ['POST', '/api/v1/session', { login: v.mail, password: v.secret }], ['POST', '/api/v1/password', { old: v.secret, new: v.secret }], ['GET', '/api/v1/me', undefined, { cookie: `__Host-kedun=${v.secret}` }],
    ['GET', '/api/v1/me', undefined, { authorization: `Bearer ${v.secret}`, cookie: '' }], ['POST', base, { name: v.name }, { 'x-csrf-token': v.secret }],
    ['POST', '/api/v1/imports', { object: v.mobile, file_name: mixed, size: v.id }],
  ]) statuses.push((await sales1.request(method, path, { body, headers })).status);
  assert.ok(statuses.filter((s) => s >= 400 && s < 500).length >= 20, statuses.join());
  assert.ok(!statuses.some((s) => s >= 500), statuses.join());
});

test('uploads that can not be read, and an import whose every row is refused', async () => {
  const columns = `${v.name},${v.mail},手机`;
  for (const bytes of [Buffer.from(`${columns}\n"${mixed}\n"x"y,${v.mobile}`), Buffer.concat([Buffer.from(`${columns}\n${v.mobile}`), Buffer.from([0xff, 0x80, 0xfe])]), Buffer.from(`PK\x03\x04${mixed}`),
    Buffer.from(`${columns}\n${Array.from({ length: 50 }, () => `${mixed},${v.id},${v.mobile}9`).join('\n')}\n`)]) {
    const made = await sales1.post('/api/v1/imports', { object: 'customer', file_name: `${v.name}.csv`, size: bytes.length });
    const { id } = ok(made, 201);
    ok(await sales1.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: bytes, headers: octets }), 204);
    await sales1.post(`/api/v1/imports/${id}/preview`, {});
    await sales1.post(`/api/v1/imports/${id}/preview`, { encoding: v.mobile, delimiter: v.mail });
    const mapping = ['name', 'mail', 'mobile'].map((field, column) => ({ column, field }));
    await sales1.post(`/api/v1/imports/${id}/check`, { mapping: [{ column: v.mobile, field: v.mail }] });
    const started = await sales1.post(`/api/v1/imports/${id}/start`, { mapping, owner: 'me' });
    if (started.status !== 202) continue;
    await until('the import', async () => ['done', 'failed', 'cancelled'].includes(ok(await sales1.get(`/api/v1/jobs/${started.json.job}`)).state));
    await sales1.get(`/api/v1/imports/${id}/rejects`);
  }
});

// While requests with values are under way; the supervisor starts it again.
for (const role of ['engine', 'keeper', 'jobs']) {
  test(`${role} killed while it is asked`, async () => {
    const agent = new https.Agent({ ca: server.ca(), maxSockets: 24 });
    const ask = () => new Promise((done) => {
      const body = JSON.stringify({ customer_type: 'company', name: v.name, mail: v.mail, remark: mixed });
      const headers = { cookie: cookie(), 'x-csrf-token': sales1.csrf, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), referer: `https://localhost/${url}` };
      const q = https.request({ host: '127.0.0.1', servername: 'localhost', port: server.port, method: 'POST', path: `/api/v1/records/customer?${url}`, headers, agent }, (a) => a.resume().on('end', () => done(a.statusCode)).on('error', () => done(0)));
      q.on('error', () => done(0));
      q.end(body);
    });
    let stop = false;
    let written = 0, refused = 0;
    const load = Array.from({ length: 24 }, async () => { while (!stop) (await ask()) === 201 ? written++ : refused++; });
    try {
      await until('writes', () => written > 50);
      await until(`a request cut off by the death of ${role}`, async () => {
        const was = roles(server.process.pid).get(role);
        if (was) process.kill(was, 'SIGKILL');
        await until(`another ${role}`, () => (roles(server.process.pid).get(role) ?? was) !== was);
        return refused > 0 || role === 'jobs';
      });
    } finally {
      stop = true;
    }
    await Promise.all(load);
    agent.destroy();
    await until('readiness', async () => (await sales1.get('/readyz')).status === 200);
  });
}

test('of all this nothing was said, and nothing stands in a file beside the database', async () => {
  await sales1.signIn('sales1', password).catch(() => {});
  ok(await sales1.get('/api/v1/me'));
  for (const evidence of [/nginx: .*client sent|nginx: .*limiting connections/, /engine.*(ended|died|signal|killed)/i]) assert.match(log, evidence, log.slice(0, 1500));
  const found = (text) => [...checker.search(text)].map((w) => w.name);
  const wrong = log.split('\n').filter((line) => found(line).length > 0);
  assert.deepEqual(wrong.slice(0, 5).map((line) => line.slice(0, 300)), []);
  const walk = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(dir, e.name)) : e.isFile() ? [join(dir, e.name)] : []));
  for (const file of walk(server.data).filter((f) => !f.startsWith(join(server.data, 'db/')))) assert.deepEqual(found(readFileSync(file).toString('utf8')), [], file);
});

test('the search of the log finds what is planted in it', () => {
  for (const text of [`x ${v.mobile} y`, `{"a":"${v.name}"}`, url, Buffer.from(mixed).toString('hex'), Buffer.from(`a${mixed}`).toString('base64')]) assert.ok(checker.search(text).size > 0, text);
  assert.ok(randomUUID() && checker.search(randomUUID()).size === 0);
});

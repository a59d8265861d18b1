// Bodies that arrive slowly: a slow line is waited for, a drip is refused; the end of a stream and the end of an engine cost nobody's request.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { ok } from './client.mjs';
import { Server, until } from './server.mjs';

let server, leader, sales1;
before(async () => {
  server = await new Server().start();
  [leader, sales1] = await Promise.all(['leader', 'sales1'].map((l) => server.as(l)));
});
after(() => server.stop());

const query = '/api/v1/records/customer/query';

// Sends `bytes` of an announced body every 250 ms. Resolves to {status, code, kept}: kept says whether all was sent before the answer.
function trickle(c, body, bytes) {
  return new Promise((done, failed) => {
    let at = 0, every;
    const q = https.request({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername: 'localhost', agent: false, method: 'POST', path: query,
      headers: { cookie: [...c.cookies].map((pair) => pair.join('=')).join('; '), 'x-csrf-token': c.csrf, 'content-type': 'application/json', 'content-length': body.length } }, (a) => {
      let text = '';
      a.on('data', (part) => (text += part));
      a.on('end', () => {
        clearInterval(every);
        done({ status: a.statusCode, json: JSON.parse(text), kept: at >= body.length });
      });
      a.on('error', failed);
    });
    q.on('error', failed);
    q.flushHeaders();
    every = setInterval(() => {
      if (at >= body.length) return;
      q.write(body.subarray(at, at + bytes));
      at += bytes;
      if (at >= body.length) q.end();
    }, 250);
  });
}

test('a body that drips is refused after its time, one on a slow line is taken, others are served meanwhile', async () => {
  const slow = Buffer.from('{"limit":5}'.padEnd(240000, ' '));
  const drip = Buffer.from('{"limit":5}'.padEnd(3000, ' '));
  let over = false;
  const asked = Promise.all([trickle(sales1, slow, 2500), ...Array.from({ length: 12 }, () => trickle(sales1, drip, 1))]).finally(() => (over = true));
  let served = 0;
  while (!over) {
    ok(await leader.post(query, { limit: 5 }));
    served++;
    await new Promise((go) => setTimeout(go, 50));
  }
  const [honest, ...drips] = await asked;
  assert.equal(honest.status, 200);
  assert.ok(honest.kept);
  for (const d of drips) {
    assert.deepEqual([d.status, d.json.code, d.kept], [408, 'request_timeout', false]);
    assert.match(d.json.title, /too long/);
  }
  assert.ok(served > 10);
});

test('a body that is cut off leaves nothing behind', async () => {
  const q = https.request({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername: 'localhost', agent: false, method: 'POST', path: query,
    headers: { 'content-type': 'application/json', 'content-length': 5000 } });
  q.on('error', () => {});
  q.write('{');
  await new Promise((go) => setImmediate(go));
  q.destroy();
  ok(await sales1.post(query, { limit: 5 }));
});

const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
const engine = () => children(server.process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine'));

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`whoever reads while the engine ends by ${signal} is answered by the next one`, async () => {
    const before = engine(), wrong = [];
    let over = false, answered = 0;
    const readers = Array.from({ length: 8 }, async (_, i) => {
      const c = i % 2 ? leader : sales1;
      while (!over) {
        const a = await c.get('/api/v1/objects');
        answered++;
        if (a.status !== 200) wrong.push(`${a.status} ${a.json?.code}`);
      }
    });
    await until('they read', () => answered > 40);
    process.kill(before, signal);
    await until('the next engine', () => engine() !== undefined && engine() !== before);
    const by = answered;
    await until('they read on', () => answered > by + 40);
    over = true;
    await Promise.all(readers);
    assert.deepEqual(wrong, []);
  });
}

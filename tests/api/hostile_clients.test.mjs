// Slow and hostile clients: each is refused with the right code or waited for in vain, others go on being served, and nothing of it stays.
// Alone: it fills the server with connections, and waits for every one.
// What it costs others is measured by `./do bench hostile`.
import { readFileSync, readdirSync } from 'node:fs';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { attacks, bodyOf } from './attacks.mjs';
import { ok, problem } from './client.mjs';
import { Server, until } from './server.mjs';

let server, sales1, leader, foe;
before(async () => {
  server = await new Server().start();
  [sales1, leader] = await Promise.all(['sales1', 'leader'].map((l) => server.as(l)));
  foe = { port: server.port, ca: server.ca(), csrf: sales1.csrf, cookie: [...sales1.cookies].map((pair) => pair.join('=')).join('; ') };
});
after(() => server.stop());

const query = '/api/v1/records/customer/query';
const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).flatMap((child) => [child, ...children(child)]);
const files = () => children(server.process.pid).reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);

test('huge, deep, wide and broken bodies are refused, each with its code', async () => {
  for (const [kind, status, code] of [['many', 413, 'too_large'], ['deep', 413, 'too_large'], ['filter', 413, 'too_large'], ['leaves', 413, 'too_large'],
    ['not_utf8', 400, 'invalid_json'], ['huge', 422, 'type']])
    problem(await sales1.post(query, bodyOf(kind)), status, code);
  problem(await sales1.post(query, Buffer.alloc(3 << 20, 32)), 413, 'body_too_large');
  problem(await sales1.post(query, `{"where":{"field":"grade","op":"in","value":[${Array.from({ length: 30000 }, (_, i) => `"${i}"`)}]}}`), 422, 'bad_filter');
  ok(await leader.post(query, {}));
});

test('a sign-in of more than a few kilobytes is not read', async () => {
  const c = server.client();
  problem(await c.post('/api/v1/session', { login: 'x', password: 'x'.repeat(100000) }), 413, 'body_too_large');
  c.close();
});

// Large bodies that are announced and held back: so many are under way at a time, however slow the machine.
function holdBack(answers, headers = {}) {
  const q = https.request({ host: '127.0.0.1', port: server.port, ca: server.ca(), servername: 'localhost', agent: false, method: 'POST', path: query,
    headers: { cookie: foe.cookie, 'x-csrf-token': foe.csrf, 'content-type': 'application/json', 'content-length': 900000, ...headers } }, (a) => {
    let text = '';
    a.on('data', (part) => (text += part));
    a.on('end', () => answers.push(`${a.statusCode} ${JSON.parse(text).code}`));
  });
  q.on('error', () => {});
  q.write('{');
  return q;
}

test('more large bodies than a server wants at a time are refused as too many, others are served', async () => {
  const answers = [];
  const held = Array.from({ length: 60 }, () => holdBack(answers));
  await until('some are refused', () => answers.includes('429 too_many_requests'));
  ok(await leader.post(query, {}));
  for (const q of held) q.destroy();
  problem(await until('there is room again', async () => {
    const a = await sales1.post(query, bodyOf('not_utf8'));
    return a.status !== 429 && a;
  }), 400, 'invalid_json');
});

// More than a session may send (two a second, after nine) and fewer than its address may (five a second, 32 at a time).
async function refusedInOneSession(how, headers) {
  const answers = [], held = Array.from({ length: 12 }, () => holdBack(answers, headers()));
  let next = Date.now();
  await until(`refused: ${how}`, () => {
    if (Date.now() >= next && held.length < 28) {
      held.push(holdBack(answers, headers()));
      next = Date.now() + 333;
    }
    return answers.includes('429 too_many_requests');
  });
  for (const q of held) q.destroy();
}

test('who holds back large bodies in one session is refused before his whole address is, whatever else he says he is', async () => {
  let n = 0;
  const made = () => `${++n}`.padStart(8, '0').padEnd(43, 'y');
  for (const [how, headers] of [['plain', () => ({})], ['a second cookie', () => ({ cookie: `${foe.cookie}; __Host-kedun=${made()}` })],
    ['a blank in the cookie', () => ({ cookie: foe.cookie.replace('__Host-kedun=', '__Host-kedun =') })],
    ['another scheme', () => ({ authorization: `bearer ${made()}` })],
    ['a key and a cookie', () => ({ authorization: `Bearer ${'k'.repeat(43)}`, cookie: `__Host-kedun=${made()}` })]])
    await refusedInOneSession(how, headers);
  const a = await until('there is room', async () => {
    const answer = await leader.post(query, bodyOf('not_utf8'));
    return answer.status !== 429 && answer;
  });
  problem(a, 400, 'invalid_json');
});

for (const [kind, count] of [['idle', 800], ['idle_tls', 200], ['hellos', 400], ['slow_headers', 200], ['slow_bodies', 200], ['resets', 50]]) {
  test(`beside ${count} connections of the kind ${kind} others are served; afterwards none is held`, async () => {
    await sales1.get('/readyz');
    const before = files();
    const attack = attacks[kind]({ ...foe, from: '127.0.0.9', count });
    try {
      await until('the connections', () => (attack.seen.open ?? 0) >= count, 60);
      for (let i = 0; i < 20; i++) ok(await leader.post(query, { limit: 5 }));
      // Who never ends his headers is hung up on.
      if (kind === 'slow_headers') await until('the first is hung up on', () => (attack.seen.closed ?? 0) > 0, 60);
    } finally {
      attack.stop();
    }
    await until('all are let go', () => files() <= before + 20, 60);
    ok(await sales1.get('/readyz'));
  });
}

test('who starts too many slow bodies from one address is refused there, others are not', async () => {
  const attack = attacks.slow_bodies({ ...foe, from: '127.0.0.8', count: 560 });
  await until('some are refused', () => (attack.seen.answered ?? 0) > 0, 60);
  ok(await leader.post(query, {}));
  attack.stop();
});

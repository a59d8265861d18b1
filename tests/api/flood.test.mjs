// A flood of failed sign-ins: the log tells of it without being filled, nobody is locked out by it, and nothing that was typed is kept.
// Alone: it measures how much a minute lets into the log.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import https from 'node:https';
import { ok } from './client.mjs';
import { Server, password, until } from './server.mjs';

let server, auditor;
before(async () => {
  server = await new Server().start();
  auditor = await server.as('auditor');
});
after(() => server.stop());

const size = (dir) => readdirSync(dir, { withFileTypes: true }).reduce((sum, e) => sum + (e.isDirectory() ? size(join(dir, e.name)) : statSync(join(dir, e.name)).size), 0);
const administrators = ['sysadmin', 'secadmin', 'auditor'];

// From another address of the loopback; resolves to how often each answer came.
async function flood(logins, times, from) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 16, ca: server.ca(), localAddress: from, servername: 'localhost' });
  const seen = {};
  const one = (login) => new Promise((done) => {
    const body = JSON.stringify({ login, password: 'wrong' });
    const q = https.request({ host: '127.0.0.1', port: server.port, agent, method: 'POST', path: '/api/v1/session', headers: { 'content-type': 'application/json', 'content-length': body.length } }, (a) => {
      seen[a.statusCode] = (seen[a.statusCode] ?? 0) + 1;
      a.resume().on('end', done);
    });
    q.on('error', done);
    q.end(body);
  });
  await Promise.all(Array.from({ length: times }, (_, i) => one(logins(i))));
  agent.destroy();
  return seen;
}

test('a flood from strangers fills no log and locks no administrator out', async () => {
  const audit = join(server.data, 'audit'), before = size(audit), said = server.log.length;
  const seen = await flood((i) => (i % 2 ? administrators[i % 3] : `stranger${i}`), 1000, '127.0.0.7');
  assert.equal((seen[401] ?? 0) + (seen[429] ?? 0), 1000, JSON.stringify(seen));
  assert.ok(seen[429] > 800, JSON.stringify(seen));
  for (const login of administrators) {
    const c = server.client();
    await c.signIn(login, password);
    c.close();
  }
  // 120 entries a minute at most, and one for the rest; the flood may lie across three minutes on a slow machine.
  const grew = size(audit) - before;
  assert.ok(grew < 512 * 1024, `the audit log grew by ${grew} bytes`);
  const lines = server.log.slice(said).split('\n').length;
  assert.ok(lines < 100, `${lines} lines in the log`);
});

// How the rest is counted, and when that is told: tests/unit/keeper_guard_test.c.
test('the auditor reads of it: a few entries, without what was typed', async () => {
  const { items } = await until('the explorer has caught up', async () => {
    const page = ok(await auditor.get('/api/v1/audit?act=sign_in_failed&limit=200'));
    return page.items.length > 0 && page;
  }, 60);
  const told = JSON.stringify(items);
  assert.ok(!told.includes('stranger') && !told.includes('wrong'), 'what was typed is kept');
});

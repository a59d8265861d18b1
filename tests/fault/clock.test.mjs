// The wall clock steps, forwards and back, by minutes and by years, while people work: nobody is let in who must not be, nobody
// is locked out for longer than until he signs in again, nothing is lost. As root, in a mount namespace (inject_fault.sh):
// tests/fault/shift.c is preloaded into every process that starts in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from '../api/client.mjs';
import { password, root, Server, until } from '../api/server.mjs';
import { entries } from '../crash/roles.mjs';
import { fewPeople, ownMounts, Script } from './inject.mjs';

const DAY = 86400;
let server, script, dir, fd;

function step(seconds) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(seconds));
  writeSync(fd, bytes, 0, 8, 0);
}

before(async () => {
  ownMounts();
  dir = mkdtempSync(join(tmpdir(), 'kedun-clock-'));
  const library = join(dir, 'shift.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, join(root, 'tests/fault/shift.c')]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/mnt']);
  execFileSync('cp', [library, '/mnt/shift.so']);
  writeFileSync('/mnt/clock', Buffer.alloc(8));
  fd = openSync('/mnt/clock', 'r+');
  // A copy of /etc in front of the real one, which stays as it is.
  execFileSync('cp', ['-a', '/etc', '/mnt/etc']);
  writeFileSync('/mnt/etc/ld.so.preload', '/mnt/shift.so\n');
  execFileSync('mount', ['--bind', '/mnt/etc', '/etc']);
  server = await new Server({ company: fewPeople(dir) }).start();
  script = new Script(server, await server.as('sales1'));
});
after(async () => {
  await server.stop();
  closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

const health = async () => (await script.client.get('/api/v1/sessions')).status;

// A request either goes through or says that one must sign in; then that works at once.
async function work() {
  if ((await health()) === 401) await script.client.signIn('sales1', password);
  const had = script.counts.acknowledged;
  await script.once();
  assert.equal(script.counts.acknowledged - had, 4, `${script.codes}`);
  assert.deepEqual(script.wrong, []);
}

for (const [name, seconds] of [['five minutes forwards', 300], ['an hour back', -3600], ['two days forwards', 2 * DAY], ['right again', 0], ['two years forwards', 730 * DAY], ['right again', 0], ['ten years back', -3650 * DAY], ['right again', 0]]) {
  test(`the clock goes ${name}: people work on, or sign in again and do`, async () => {
    step(seconds);
    await work();
    await work();
  });
}

test('who signed in some time ago ends his other sessions by his password only', async () => {
  const old = server.client();
  const other = server.client();
  await old.signIn('sales2', password);
  await other.signIn('sales2', password);
  const id = ok(await other.get('/api/v1/sessions')).items.find((s) => s.current).id;
  step(11 * 60);
  problem(await old.post('/api/v1/sessions/end', {}), 403, 'password_required');
  problem(await old.post('/api/v1/sessions/end', { id }), 403, 'password_required');
  problem(await old.delete(`/api/v1/sessions/${id}`), 403, 'password_required');
  problem(await old.post('/api/v1/sessions/end', { id, password: 'not this one' }), 403, 'password_wrong');
  ok(await other.get('/api/v1/me'));
  ok(await old.post('/api/v1/sessions/end', { id, password }), 204);
  problem(await other.get('/api/v1/me'), 401, 'unauthenticated');
  await other.signIn('sales2', password);
  assert.equal(ok(await old.post('/api/v1/sessions/end', { password })).ended, 1);
  problem(await other.get('/api/v1/me'), 401, 'unauthenticated');
  step(0);
});

test('a session that was forgotten for two days is over, also when the clock is right again', async () => {
  const other = server.client();
  await other.signIn('sales2', password);
  step(2 * DAY);
  // The engine remembers for a second who somebody is.
  await until('the session is over', async () => (await other.get('/api/v1/sessions')).status === 401);
  other.close();
  step(0);
});

test('afterwards every acknowledged write is there, the database is sound, and the log says of each write what the rows show', async () => {
  await work();
  await script.checkRows();
  await server.restart();
  assert.equal(await server.halt(), 0);
  script.checkFiles();
  const years = new Set(entries(server.data).map((e) => Number(e.at.slice(0, 4)) - new Date().getFullYear()));
  assert.ok([...years].some((y) => y >= 2) && [...years].some((y) => y <= -9), `the clock did not step: ${[...years]}`);
  assert.deepEqual(script.wrong.slice(0, 20), []);
});

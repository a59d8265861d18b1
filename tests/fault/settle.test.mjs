// Keeper or jobs die with writes under way whose outcome nobody can tell any more: the engine, which goes on, settles them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, until } from '../api/server.mjs';
import { entries, roles } from '../crash/roles.mjs';
import { attach, Script } from './inject.mjs';

let server, script;
before(async () => {
  server = await new Server().start();
  script = new Script(server, await server.as('sales1'));
});
after(() => server.stop());

const pid = (role) => roles(server.process.pid).get(role);

// Intents without outcome, of the log as its files say.
function open() {
  const log = entries(server.data);
  const told = new Set(log.filter((e) => e.intent !== 0).map((e) => e.intent));
  return { asked: log.filter((e) => e.outcome === 'pending').length, open: log.filter((e) => e.outcome === 'pending' && !told.has(e.seq)), failed: log.filter((e) => e.intent !== 0 && e.outcome === 'failed').length };
}

// An intent is written before it is synced: a keeper that is killed at the sync leaves it in the file, and has told nobody.
test('a write whose intent was in the log when the keeper died gets its outcome without a restart of the engine', async () => {
  const engine = pid('engine');
  for (let round = 0; round < 3; round++) {
    const { failed } = open(), keeper = pid('keeper');
    const detach = await attach(server, { pid: keeper, threads: true }, ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:signal=KILL:when=1']);
    await script.once();
    await detach();
    assert.ok(detach.struck());
    await script.recovers('the death of the keeper');
    await until('every intent has its outcome', () => open().open.length === 0, 60);
    assert.ok(open().failed > failed, 'no intent was left');
  }
  assert.equal(pid('engine'), engine, 'the engine was restarted');
  assert.deepEqual(script.wrong, []);
});

// The vault has the change when the keeper dies at its sync; the outcome was not told.
test('what an administrator changed when the keeper died stands in the log as what became of it', async () => {
  const admin = await server.as('sysadmin');
  for (let round = 0; round < 2; round++) {
    const name = `部门${round}${Date.now() % 100000}`;
    const before = entries(server.data).length;
    const detach = await attach(server, { pid: pid('keeper'), threads: true }, ['-P', join(server.data, 'state/vault.log'), '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:signal=KILL:when=1']);
    await admin.post('/api/v1/departments', { name, parent: 1 }).catch(() => undefined);
    await detach();
    assert.ok(detach.struck());
    await script.recovers('the death of the keeper');
    await until('every intent has its outcome', () => open().open.length === 0, 60);
    const fresh = Object.assign(server.client(), { cookies: admin.cookies, csrf: admin.csrf });
    const there = (await fresh.get('/api/v1/directory')).json.departments.some((d) => d.name === name);
    fresh.close();
    const log = entries(server.data).slice(before), asked = log.find((e) => e.act === 'admin' && e.outcome === 'pending');
    const said = log.filter((e) => e.intent === asked.seq).map((e) => e.outcome);
    assert.deepEqual(said, [there ? 'done' : 'failed']);
    assert.ok(there, 'the change was written before the death');
  }
});

test('after the keeper has come again no request is refused', async () => {
  const keeper = pid('keeper');
  const clients = Array.from({ length: 16 }, () => Object.assign(server.client(), { cookies: script.client.cookies, csrf: script.client.csrf }));
  const ask = () => Promise.all(clients.map((c) => c.get('/api/v1/records/customer?limit=5')));
  await ask(); // each thread of the engine has its connection to the keeper
  process.kill(keeper, 'SIGKILL');
  await until('there is a new keeper', () => (pid('keeper') ?? keeper) !== keeper);
  assert.deepEqual([...new Set((await ask()).map((a) => a.status))], [200]);
  for (const c of clients) c.close();
});

test('afterwards the log says of each write what the rows show, though the engine was never restarted', async () => {
  script.wrong = [];
  await script.checkRows();
  await until('every intent has its outcome', () => open().open.length === 0, 60);
  assert.equal(await server.halt(), 0);
  script.checkFiles();
  assert.deepEqual(script.wrong, []);
});

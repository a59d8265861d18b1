// A host that has no more to give, and takes it back later: full disk, read-only disk, no file handles, no memory, a keeper
// that stands still. Clear refusals meanwhile, recovery by itself, nothing lost. As root, in a mount namespace of its own
// (inject_fault.sh): the data directory is a small tmpfs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, until } from '../api/server.mjs';
import { roles } from '../crash/roles.mjs';
import { attach, fewPeople, ownMounts, Script, sleep } from './inject.mjs';


class SmallServer extends Server {
  bootstrap() {
    mkdirSync(this.data);
    this.company = fewPeople(this.dir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=711', 'tmpfs', this.data]);
    super.bootstrap();
  }
}

let server, script;
before(async () => {
  ownMounts();
  server = await new SmallServer().start();
  script = new Script(server, await server.as('sales1'));
});
after(async () => {
  await server.stop().catch(() => {});
  execFileSync('umount', ['-l', server.data]);
  rmSync(server.dir, { recursive: true, force: true });
});

const pid = (role) => roles(server.process.pid).get(role);

// While `broken`, requests are refused clearly or done; once it is mended, it works by itself.
async function through(what, hurt, heal, { requests = 4, refused = 1, heavy = false } = {}) {
  const wrong = script.wrong.length, before = { ...script.counts };
  await hurt();
  for (let n = 0; n < requests; n++) await script.once();
  if (heavy) await Promise.all(Array.from({ length: 8 }, () => script.heavy()));
  const now = { ...script.counts };
  await heal();
  await script.recovers(what);
  await script.once();
  console.log(`fault: ${what}: ${now.acknowledged - before.acknowledged} requests done, ${now.refused - before.refused} refused, ${now.broken - before.broken} cut off; works again`);
  assert.deepEqual(script.wrong.slice(wrong), []);
  assert.ok(now.refused - before.refused + now.broken - before.broken >= refused, 'nothing was refused: it was not broken');
  assert.deepEqual(script.codes.filter((c) => c === 'internal' || c === undefined), []);
  script.codes = [];
}

const filler = () => join(server.data, 'filler');
function fill() {
  const free = statfsSync(server.data);
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${filler()}`, 'bs=4096', `count=${free.bavail + 100}`], { stdio: 'ignore' });
  } catch {} // "no space left": that is what it is for
  assert.equal(statfsSync(server.data).bavail, 0);
}
const drain = () => rmSync(filler());

test('a full disk: refused, and nothing that was refused is there; room again: it goes on', async () => {
  await through('a full disk', fill, drain, { requests: 12 });
});

test('a nearly full disk takes no files for imports; what is small is still written', async () => {
  const { id } = (await script.client.post('/api/v1/imports', { object: 'customer', file_name: 'a.csv', size: 2 ** 20 })).json;
  const put = () => script.client.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: Buffer.alloc(2 ** 20, 'a'), headers: { 'content-type': 'application/octet-stream' } });
  const free = statfsSync(server.data);
  execFileSync('dd', ['if=/dev/zero', `of=${filler()}`, 'bs=4096', `count=${free.bavail - 400}`], { stdio: 'ignore' });
  const refused = await put();
  assert.equal(refused.status, 507);
  assert.equal(refused.json.code, 'disk_low');
  const before = script.counts.acknowledged;
  await script.once();
  assert.ok(script.counts.acknowledged > before);
  drain();
  assert.equal((await put()).status, 204);
});

for (const role of ['keeper', 'engine', 'jobs']) {
  test(`the ${role} dies on a full disk: it comes again when there is room, if not before`, async () => {
    await through(`a full disk, the ${role} killed`, () => {
      fill();
      process.kill(pid(role), 'SIGKILL');
    }, drain, { requests: 4, refused: 0 });
  });
}

test('a disk that has become read-only: refused; writable again: it goes on', async () => {
  const calls = ['pwrite64', 'write', 'fdatasync', 'fsync', 'ftruncate', 'fallocate', 'rename', 'unlink'];
  let detached = [];
  await through('a read-only disk', async () => {
    for (const role of ['keeper', 'engine'])
      detached.push(await attach(server, { pid: pid(role), threads: true }, ['-e', `trace=${calls}`, ...calls.filter((c) => c !== 'write').flatMap((c) => ['-e', `inject=${c}:error=EROFS`])]));
  }, async () => {
    for (const detach of detached) await detach();
  });
});

test('a start on a read-only disk is refused with a reason; writable again: it starts', async () => {
  await server.halt();
  execFileSync('mount', ['-o', 'remount,ro', server.data]);
  server.log = '';
  await server.launch();
  assert.notEqual(await server.ended, 0);
  assert.match(server.log, /[Rr]ead-only|can't be written|cannot|errno 30/);
  execFileSync('mount', ['-o', 'remount,rw', server.data]);
  await server.launch();
  await server.ready();
  script.client.port = server.port;
  await script.recovers('a read-only start');
});

// The soft limit alone, as the role's own user: neither needs a capability.
function limit(role, what) {
  const uid = readFileSync(`/proc/${pid(role)}/status`, 'utf8').match(/^Uid:\s+(\d+)/m)[1];
  execFileSync('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'prlimit', '--pid', String(pid(role)), what], { stdio: ['ignore', 'ignore', 'pipe'] });
}
const threads = (process) => readdirSync(`/proc/${process}/task`).map((t) => readFileSync(`/proc/${process}/task/${t}/stat`, 'utf8').split(') ')[1][0]);
const ticks = (role) => readFileSync(`/proc/${pid(role)}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((a, b) => a + Number(b), 0);

// Requests wait meanwhile; the door gives up on them after a minute (KEDUN_INJECT=all waits for that).
async function standstill(what, hurt, heal) {
  const had = { ...script.counts };
  await hurt();
  const asked = (async () => {
    for (let n = 0; n < 4; n++) await script.once();
  })();
  await Promise.race([asked, sleep(process.env.KEDUN_INJECT === 'all' ? 90000 : 1500)]);
  const meanwhile = script.counts.acknowledged - had.acknowledged;
  await heal();
  await asked;
  await script.recovers(what);
  await script.once();
  console.log(`fault: ${what}: ${meanwhile} requests done meanwhile, in the end ${script.counts.acknowledged - had.acknowledged} done, ${script.counts.refused - had.refused} refused, ${script.counts.broken - had.broken} cut off`);
  assert.deepEqual(script.wrong, []);
  return meanwhile;
}

for (const role of ['keeper', 'engine']) {
  test(`no file handle left for the ${role}: requests wait, without turning in circles; handles again: it goes on`, async () => {
    let spent, start, was, share = 0;
    const meanwhile = await standstill(`no file handles for the ${role}`, () => {
      limit(role, '--nofile=3:'); // whatever is opened next fails
      if (role === 'keeper') process.kill(pid('engine'), 'SIGKILL'); // what is connected stays so: a new engine must connect
      was = pid(role);
      spent = ticks(role);
      start = Date.now();
    }, () => {
      if (pid(role) === was) share = Math.round(((ticks(role) - spent) * 1000) / (Date.now() - start));
      limit(role, '--nofile=4096:');
    });
    console.log(`fault: without file handles the ${role} took ${share} % of a processor`);
    // A keeper that can't wait for more than three connections ends, and is started again with new handles.
    assert.ok(meanwhile < 16 || /keeper (has ended|was ended)/.test(server.log), 'it was not broken');
    assert.ok(share < 60, `${share} %`);
  });

  // Not the address space: what malloc has reserved of that would do for long.
  test(`no memory left for the ${role}: what needs more is refused, 503; memory again: it goes on, the process is the same`, async () => {
    // What earlier requests needed and gave back would do for these.
    script.client.close();
    await server.restart();
    script.client = await server.as('sales1');
    const was = pid(role);
    script.statuses.clear();
    await through(`no memory for the ${role}`, () => limit(role, '--data=65536:'), () => limit(role, '--data=unlimited:'), { heavy: true });
    console.log(`fault: without memory for the ${role}: ${[...script.statuses].map((s) => s.join(' ')).join(', ')}`);
    assert.deepEqual([...script.statuses.keys()].filter((s) => !/^(503|507) (no_memory|keeper_away|keeper_answer|store_io|disk_full|unavailable)$/.test(s)), []);
    assert.equal(pid(role), was, 'it died of it');
  });
}

test('a keeper that stands still: nothing is answered meanwhile; it runs again: it goes on', async () => {
  const stopped = pid('keeper');
  try {
    const meanwhile = await standstill('a keeper that stands still', async () => {
      process.kill(stopped, 'SIGSTOP');
      // The signal is one thread's to take, in its turn; until then the others work on.
      await until('every thread of it stands', () => threads(stopped).every((state) => state === 'T'));
    }, () => process.kill(stopped, 'SIGCONT'));
    assert.equal(meanwhile, 0);
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
});

test('afterwards every acknowledged write is there, the database is sound, and the log says of each write what the rows show', async () => {
  await script.checkRows();
  await server.restart();
  assert.equal(await server.halt(), 0);
  script.checkFiles();
  assert.deepEqual(script.wrong.slice(0, 20), []);
});

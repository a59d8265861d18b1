// Every system call of the keeper and of the engine's writer fails in turn (tests/fault/inject.mjs), or the process is
// killed at it. KEDUN_INJECT=all: each call, as often as it is made; otherwise a sample that fits into a minute.
// KEDUN_INJECT_ROLE=keeper|writer: that one alone; KEDUN_INJECT_PART=2/8: the second eighth of its pairs of call
// and fault, so that the whole can be had in pieces.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from '../api/server.mjs';
import { strike } from '../crash/load.mjs';
import { roles } from '../crash/roles.mjs';
import { attach, countCalls, faults, kill, Script, target } from './inject.mjs';

const ALL = process.env.KEDUN_INJECT === 'all';
const ROLES = process.env.KEDUN_INJECT_ROLE ? [process.env.KEDUN_INJECT_ROLE] : ['keeper', 'writer'];
const [PART, PARTS] = (process.env.KEDUN_INJECT_PART ?? '1/1').split('/').map(Number);
const SAMPLE = 7; // of the faults of each role
const TRIES = 5;
let server, script;

before(async () => {
  server = await new Server().start();
  script = new Script(server, await server.as('sales1'));
});
after(() => server.stop());

// call → the most that one thread makes of it during the script.
async function record(role) {
  const detach = await attach(server, await target(server, script, role), []);
  await script.once();
  const most = new Map();
  for (const calls of countCalls(await detach()).values()) for (const [call, n] of calls) most.set(call, Math.max(n, most.get(call) ?? 0));
  return most;
}

// A pair is in the same part whatever else a run's trace shows.
const inPart = (call, fault) => [...(call + fault)].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 65521, 7) % PARTS === PART - 1;

function* matrix(calls) {
  for (const [call, count] of calls)
    for (const fault of [...(faults[call] ?? []), kill].filter((f) => inPart(call, f))) for (let n = 1; n <= count; n++) yield { call, fault, n };
}

// Spread over the whole, so that each kind of fault comes.
const sample = (all) => (ALL ? all : Array.from({ length: SAMPLE }, (_, k) => all[Math.floor(((k + 0.5) * all.length) / SAMPLE)]));

async function fail(role, { call, fault, n }, at) {
  const what = `${fault} at call ${n} of ${call} of the ${role}`;
  const detach = await attach(server, at, ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${n}`]);
  // strace counts by thread, and the threads share the requests.
  for (let tries = 0; tries < TRIES && !detach.struck(); tries++) await script.once();
  await detach();
  await script.recovers(what);
  return detach.struck();
}

for (const role of ROLES) {
  test(`whatever system call of the ${role} fails: a clear answer, no wrong success, and it goes on by itself`, async () => {
    const calls = await record(role);
    const all = [...matrix(calls)];
    const chosen = sample(all);
    const pid = () => roles(server.process.pid).get(role === 'keeper' ? 'keeper' : 'engine');
    let hits = 0, died = 0, current = await target(server, script, role), was = pid();
    for (const [k, one] of chosen.entries()) {
      if (k % 10 === 9) console.log(`fault: ${role}: ${k} of ${chosen.length}, ${hits} struck, ${script.wrong.length} wrong`);
      const wrong = script.wrong.length;
      hits += (await fail(role, one, current)) ? 1 : 0;
      if (script.wrong.length > wrong) script.wrong.push(`(the above: ${JSON.stringify(one)} of the ${role})`);
      if (pid() !== was) {
        // Its next starts would be put off longer and longer: a fresh supervisor counts from the beginning.
        if (++died % 4 === 0) {
          await server.restart();
          script.client = await server.as('sales1');
        }
        current = await target(server, script, role);
        was = pid();
      }
    }
    const c = script.counts;
    console.log(`fault: ${role}: ${chosen.length} of ${all.length} faults (${calls.size} kinds of calls: ${[...calls].map(([k, v]) => `${k} ${v}`).join(', ')}), ${hits} struck, ${died} times it was started again; so far ${c.acknowledged} requests done, ${c.refused} refused, ${c.broken} cut off`);
    assert.ok(hits >= chosen.length / 2, `only ${hits} of ${chosen.length} struck`);
    assert.deepEqual(script.wrong, []);
  });
}

// The sync fails, the next commit never comes, and nobody is left who knows how far the database's log was valid.
test('a commit whose sync failed is not there after the death of all, or was not called unsaved', async () => {
  for (const when of ALL ? [':when=1', '', ':when=1', '', ':when=2', ''] : [':when=1', '']) {
    const at = await target(server, script, 'writer');
    const detach = await attach(server, at, ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:error=EIO${when}`]);
    await script.once();
    assert.ok(detach.struck());
    await strike(server, 'all');
    await detach();
    await server.ready();
    await script.recovers('a failed sync and the death of all');
  }
  await script.checkRows();
  assert.deepEqual(script.wrong, []);
});

test('afterwards every acknowledged write is there, the database is sound, and the log says of each write what the rows show', async () => {
  script.wrong = [];
  await script.checkRows();
  await server.restart(); // settles what a fault left open
  assert.equal(await server.halt(), 0);
  script.checkFiles();
  assert.deepEqual(script.wrong.slice(0, 20), []);
});

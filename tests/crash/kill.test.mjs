// Processes killed under load, round after round; then everything that was acknowledged is looked for.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { Server, until } from '../api/server.mjs';
import { Load, strike } from './load.mjs';
import { audit, entries } from './roles.mjs';

const ROUNDS = Number(process.env.KEDUN_CRASH_ROUNDS ?? 36);
const LOGINS = ['sales1', 'sales2'];
const kinds = ['keeper', 'engine', 'all', 'jobs', 'nginx', 'supervisor'];

let server, load, known, attempted;
// Of each kind of round: how many, how many had writes in flight at the kill, how many writes these were, how many of
// them were cut off: never answered, or with 502 or 503.
const rounds = new Map(kinds.map((kind) => [kind, { rounds: 0, caught: 0, writes: 0, cut: 0 }]));

async function round(kind) {
  const r = rounds.get(kind);
  await load.busy(15);
  r.rounds++;
  r.caught += load.writing > 0 ? 1 : 0;
  r.writes += load.writing;
  const cut = load.cut;
  await strike(server, kind);
  await server.ready();
  r.cut += load.cut - cut;
}

function report() {
  for (const [kind, r] of rounds)
    console.log(`crash: ${kind}: ${r.rounds} rounds, ${r.caught} with writes in flight at the kill (${r.writes} writes), ${r.cut} writes cut off`);
  const c = load.counts;
  console.log(`crash: ${ROUNDS} rounds, ${c.acknowledged} writes acknowledged, ${c.unanswered} requests cut off, ${c.refused} refused, ${c.answered} looks answered, ${c.signIns} sign-ins`);
}

before(async () => {
  server = await new Server().start();
  load = new Load(server).start();
  ({ known, attempted } = load);
  const start = Date.now();
  for (let n = 0; n < ROUNDS && load.working; n++) {
    await round(kinds[n % kinds.length]);
    if ((n + 1) % 50 === 0) process.stderr.write(`crash: ${n + 1} rounds in ${Math.round((Date.now() - start) / 1000)} s\n`);
  }
  const had = load.counts.acknowledged;
  await until('it works on after the last round', () => !load.working || load.counts.acknowledged > had + 20, 60);
  await load.stop();
  report();
});
after(() => server.stop());

async function every(object, login) {
  const c = await server.as(login);
  const items = [];
  for (let cursor = null, first = true; first || cursor; first = false) {
    const page = await until('an answer in time', () => c.query(object, { limit: 200, cursor }), 60); // too slow, says a loaded machine
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

test('writes were in flight at the kills', () => {
  const all = [...rounds.values()];
  const caught = all.reduce((sum, r) => sum + r.caught, 0);
  assert.ok(caught >= ROUNDS * 0.7, `only ${caught} of ${ROUNDS}`);
  assert.ok(load.counts.unanswered + load.counts.refused >= ROUNDS / 2);
});

test('every acknowledged write is there, and opens', async () => {
  const lost = [], odd = [];
  for (const [id, r] of known) {
    const a = await (await server.as(r.login)).get(`/api/v1/records/customer/${id}`);
    if (a.status !== 200) lost.push(`${id}: ${a.status}`);
    else if (a.json.mobile !== r.mobile || ![r.remark, ...r.tried].includes(a.json.remark)) odd.push(`${id}: ${a.text}`);
    else {
      r.version = a.json._version;
      r.looks++;
    }
  }
  assert.deepEqual({ lost, odd }, { lost: [], odd: [] });
});

test('every row there is one that somebody wrote, whole', async () => {
  let unanswered = 0, all = 0;
  for (const login of LOGINS) {
    const items = await every('customer', login);
    all += items.length;
    for (const item of items) {
      const mine = known.get(item.id);
      assert.ok(mine || attempted.has(item.mobile), `nobody wrote ${item.id}`);
      if (!mine) {
        assert.equal(item.remark ?? (await (await server.as(login)).read('customer', item.id)).remark, `第一版 ${item.mobile}`);
        unanswered++;
        known.set(item.id, { login, mobile: item.mobile, remark: `第一版 ${item.mobile}`, tried: [], changes: 1, looks: 0, version: 1 });
      }
    }
  }
  assert.ok(all > ROUNDS, `only ${all} rows`); // of both together: one's writers may have come late
  console.log(`crash: of ${attempted.size} creations that nobody answered ${unanswered} are there, whole, the others not at all`);
});

test('every row has its search terms and its history, and its version is as long as its history', async () => {
  const problems = [];
  const rows = [...known];
  for (let n = 0; n < rows.length; n += 1 + Math.floor(rows.length / 400)) {
    const [id, r] = rows[n];
    const c = await server.as(r.login);
    const found = await until('an answer in time', () => c.query('customer', { where: { field: 'mobile', op: 'eq', value: r.mobile } }), 60);
    if (found.items.length !== 1 || found.items[0].id !== id) problems.push(`${id}: found ${found.items.length} by its mobile`);
    const record = await c.read('customer', id);
    const history = ok(await c.get(`/api/v1/records/customer/${id}/history`)).items;
    if (history.length !== record._version) problems.push(`${id}: version ${record._version}, ${history.length} entries of history`);
    const remark = history.flatMap((h) => h.changes).find((x) => x.field === 'remark');
    // A creation's entry lists no values.
    if (history.length > 1 && remark?.after !== record.remark) problems.push(`${id}: its history ends with another remark`);
    if (history.length < r.changes) problems.push(`${id}: ${r.changes} changes acknowledged, ${history.length} in its history`);
  }
  assert.deepEqual(problems, []);
});

test('the log is sound, knows every answer and write, and every intent has the outcome that the rows show', async () => {
  const there = new Set(known.keys());
  assert.equal(await server.halt(), 0);
  const checked = audit(server.data, 'verify');
  assert.equal(checked.code, 0, checked.error + checked.text);
  const log = entries(server.data);
  const shown = new Map(), written = new Map(), outcomes = new Map();
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  for (const e of log) {
    if (e.outcome === 'pending' || e.intent !== 0) continue;
    for (const id of e.records) add(shown, id);
  }
  for (const e of log) if (e.intent !== 0) (outcomes.get(e.intent) ?? outcomes.set(e.intent, []).get(e.intent)).push(e.outcome);
  const wrong = [];
  for (const e of log.filter((one) => one.outcome === 'pending')) {
    const got = outcomes.get(e.seq) ?? [];
    if (got.length === 0 || new Set(got).size !== 1) wrong.push(`intent ${e.seq}: outcomes ${got}`);
    if (got[0] === 'done') for (const id of e.records) add(written, id);
    if (e.act === 'create' && e.object === 1 && got[0] === 'done' && !there.has(e.records[0])) wrong.push(`intent ${e.seq} is done, but ${e.records[0]} is not there`);
    if (e.act === 'create' && e.object === 1 && got[0] !== 'done' && there.has(e.records[0])) wrong.push(`intent ${e.seq} ${got}, but ${e.records[0]} is there`);
  }
  for (const [id, r] of known) {
    if ((shown.get(id) ?? 0) < r.looks) wrong.push(`${id}: answered ${r.looks} times, ${shown.get(id) ?? 0} entries`);
    if ((written.get(id) ?? 0) < r.changes) wrong.push(`${id}: ${r.changes} writes acknowledged, ${written.get(id) ?? 0} in the log`);
  }
  assert.deepEqual(wrong.slice(0, 20), []);
});

test('a changed byte, a cut log and a log that differs from a head kept outside are found', () => {
  const source = join(server.data, 'audit');
  const copy = (name) => {
    const data = join(server.dir, name);
    mkdirSync(join(data, 'audit'), { recursive: true });
    for (const file of readdirSync(source)) copyFileSync(join(source, file), join(data, 'audit', file));
    return data;
  };
  const segment = (data) => join(data, 'audit', readdirSync(source).filter((n) => n.startsWith('seg-')).sort()[0]);
  const notes = readFileSync(join(source, 'checkpoints'), 'utf8').split(/(?<=^— .*\n)/m);
  const kept = join(server.dir, 'head');
  writeFileSync(kept, notes.at(-1));
  const sound = audit(server.data, 'verify', '--head', kept);
  assert.equal(sound.code, 0, sound.error);

  const changed = copy('changed');
  const bytes = readFileSync(segment(changed));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(segment(changed), bytes);
  assert.equal(audit(changed, 'verify').code, 1);

  const cut = copy('cut');
  truncateSync(segment(cut), statSync(segment(cut)).size - 3000);
  assert.match(audit(cut, 'verify').error, /audit_(truncated|record_bad)/);
  writeFileSync(join(cut, 'audit/checkpoints'), '');
  assert.match(audit(cut, 'verify', '--head', kept).error, /audit_truncated/);

  const other = copy('other');
  writeFileSync(join(other, 'audit/public.key'), `${'ab'.repeat(32)}\n`);
  assert.equal(audit(other, 'verify').code, 1);
  assert.equal(audit(other, 'verify', '--key', join(source, 'public.key')).code, 0);
});

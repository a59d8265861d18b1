// The leak matrix: every person × every path that may answer with customers' data (from the server's own
// description) × every field of the planted objects (from their definitions) × every way to ask. Each answer is
// searched for planted values that expected.json does not give this person; each question about a value that he may
// not know is asked a second time with a value that nobody has, and must be answered alike.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { root, Server } from '../api/server.mjs';
import { canary } from './plant.mjs';

const expected = JSON.parse(readFileSync(join(root, 'tests/leak/expected.json'), 'utf8'));
const planted = []; // {object, key: "A"|"B", id, fields: {name: {value, marks}}}
const decoys = {};
const definitions = {};
const sightings = new Map(); // operation → permitted sightings of planted values: what the search would find if they were not
let server, doc;

const classOf = (object, field) => {
  const c = definitions[object].fields.find((f) => f.name === field).class;
  return c === 'public' ? 'internal' : c;
};
function viewOf(person, plant, field, revealed = false) {
  const p = expected.people[person];
  const role = { ...expected.views[p.as], ...p };
  const views = role[plant.object];
  if (!views || !p.scope.includes(plant.key)) return 'hidden';
  const c = classOf(plant.object, field);
  return revealed && role.reveal.includes(c) && views[c] !== 'hidden' ? 'clear' : views[c];
}
const mayMatch = (person, object, field) => {
  const p = expected.people[person];
  const role = { ...expected.views[p.as], ...p };
  return role[object] && role.match.includes(classOf(object, field));
};

before(async () => {
  for (const object of ['customer', 'contact']) definitions[object] = JSON.parse(readFileSync(join(root, `objects/${object}.json`), 'utf8'));
  server = await new Server().start();
  for (const [key, owner] of [['A', 'sales1'], ['B', 'salescd']]) {
    const who = await server.as(owner);
    let customer;
    for (const object of ['customer', 'contact']) {
      const fields = {};
      for (const f of definitions[object].fields) {
        const c = canary(f);
        if (c) fields[f.name] = c;
      }
      const body = Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v.value]));
      if (object === 'contact') body.customer = customer.id;
      let made = await who.create(object, body);
      if (object === 'customer') customer = made;
      // A change of every field, so that history has both values: the first ones are marks too.
      for (const f of definitions[object].fields) {
        const c = canary(f);
        if (!c || f.name === 'customer_type') continue;
        made = await who.update(object, made, { [f.name]: c.value });
        fields[f.name] = { value: c.value, marks: [...fields[f.name].marks, ...c.marks] };
      }
      planted.push({ object, key, id: made.id, fields });
    }
    await who.create('follow_up', { customer: customer.id, kind: 'call', at: '2026-05-01T00:00:00Z', content: '回访' });
  }
  for (const object of ['customer', 'contact']) {
    decoys[object] = {};
    for (const f of definitions[object].fields) decoys[object][f.name] = canary(f)?.value;
  }
  doc = ok(await (await server.as('boss')).get('/api/v1/openapi.json'));
});
after(() => server.stop());

// ---- searching an answer ----

const hasMark = (text, marks) => marks.some((m) => text.includes(m));

// Keys of hidden fields next to a record's id, in _views, in changes and in errors about a field that is not his to know.
function* objectsIn(node) {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) yield node;
  for (const v of Object.values(node)) yield* objectsIn(v);
}

function leaks(person, answer, revealed) {
  const found = [];
  const allowed = [];
  for (const plant of planted) {
    for (const [name, c] of Object.entries(plant.fields)) {
      const view = viewOf(person, plant, name, revealed);
      if (!hasMark(answer.text, c.marks)) continue;
      (view === 'clear' ? allowed : found).push(`${plant.object} ${plant.key}.${name} (${view})`);
    }
    for (const o of objectsIn(answer.json)) {
      if (o.id !== plant.id || o.value !== undefined) continue;
      for (const name of Object.keys(plant.fields)) if (name in o && viewOf(person, plant, name) === 'hidden') found.push(`key ${plant.object} ${plant.key}.${name}`);
    }
  }
  return { found, allowed };
}

const plain = (a, ...values) => {
  let t = `${a.status} ${a.text.replace(/"request_id":"[^"]*"/g, '').replace(/"used":\d+/g, '')}`;
  for (const v of values) t = t.replaceAll(String(v), 'VALUE');
  return t;
};

// ---- the ways to ask, by path ----

const operations = () => Object.entries(doc.paths).flatMap(([path, item]) => Object.entries(item).filter(([, op]) => op['x-personal']).map(([method, op]) => ({ path, method, id: op.operationId })));

const urlOps = new Set(['eq', 'ge', 'contains']); // a URL's filter goes the way of a body's: there every operator is tried
function* ways(plant, f, value) {
  const text = Array.isArray(value) ? value[0] : String(value);
  const leaf = (op, v = Array.isArray(value) ? value[0] : value) => ({ field: f, op, value: v });
  for (const op of ['eq', 'ne', 'ge', 'in', 'contains', 'starts_with', 'ends_with', 'has', 'is_null', 'not_null']) yield { filter: leaf(op, op === 'in' ? [text] : op === 'ends_with' ? text.slice(-4) : undefined), op };
  yield { filter: { not: leaf('eq') }, op: 'not' };
  yield { filter: { child: 'contact', where: leaf('eq') }, op: 'child' };
  yield { search: text, op: 'search' };
}

function url(o, plant) {
  return o.path.replace('{object}', plant.object).replace('{id}', plant.id);
}

// Requests of one operation about one field of one planted record. `value`: the planted one, or one that nobody has.
function* requests(o, plant, f, value) {
  const at = url(o, plant);
  if (o.method === 'get') {
    const one = o.path.includes('{id}') && f !== definitions[plant.object].fields.find((d) => plant.fields[d.name]).name;
    if (one) return; // these paths take no field: one field's questions are all there are
    for (const q of [`fields=${f}`, `sort=${f}`, `sort=-${f}&limit=1`, `by=${f}`, `fields=${f}&deleted=true`, `count=true&fields=${f}`]) yield { path: `${at}?${q}`, op: 'show' };
    for (const w of ways(plant, f, value)) if (w.filter && urlOps.has(w.op)) yield { path: `${at}?count=true&fields=id&by=status&filter=${encodeURIComponent(JSON.stringify(w.filter))}`, op: w.op, about: true };
    return;
  }
  if (o.id === 'revealRecord') {
    yield { path: at, body: { fields: [f], reason: '泄漏矩阵的检查' }, op: 'reveal', revealed: true };
    return;
  }
  if (o.method === 'post' && /query|suggest/.test(o.path)) {
    for (const w of ways(plant, f, value)) if (o.path.includes('{object}') || w.op === 'search') yield { path: at, body: { where: w.filter, search: w.search, text: w.search ?? String(value), count: true, fields: [definitions[plant.object].title_fields[0]] }, op: w.op, about: true };
    for (const body of [{ fields: [f] }, { sort: [f], fields: [f] }, { group_by: f }, { sort: [`-${f}`], limit: 1, count: true }]) yield { path: at, body: { ...body, text: f }, op: 'show' };
    return;
  }
  // Writes: only such as are refused, or change nothing.
  yield { path: at, method: o.method, body: { [f]: { x: 1 } }, version: 1, op: 'show' };
}

async function ask(who, o, r) {
  return who.request(o.method.toUpperCase(), r.path, { body: r.body ?? (o.method === 'get' ? undefined : {}), headers: r.version ? { 'if-match': `"${r.version}"` } : {} });
}

// May the answer to a question about this value differ from that about one which nobody has? Yes where he sees the
// field, or may match it; and where he sees it on his own record, a comparison speaks of that one.
const whole = ['eq', 'in', 'contains', 'starts_with', 'ends_with', 'has', 'search', 'child'];
const mayTell = (person, plant, f, op) => {
  const view = viewOf(person, plant, f);
  if (view === 'clear') return true;
  const own = planted.some((p) => p.object === plant.object && viewOf(person, p, f) === 'clear');
  if (own && (!whole.includes(op) || plant.fields[f].marks.length === 0)) return true;
  return view === 'masked' && ['eq', 'ends_with', 'not', 'child', 'search'].includes(op) && mayMatch(person, plant.object, f);
};

async function matrix(person) {
  const who = await server.as(person);
  const problems = [];
  let asked = 0;
  for (const o of operations()) {
    if (o.path.includes('/bulk') || o.path.includes('/views') || o.path.includes('/imports') || o.path.includes('/jobs') || o.id === 'restoreRecord') continue;
    const work = [];
    for (const plant of planted) {
      for (const [f, c] of Object.entries(plant.fields)) {
        const real = [...requests(o, plant, f, c.value)];
        const decoy = [...requests(o, plant, f, decoys[plant.object][f])];
        real.forEach((r, i) => work.push({ plant, f, r, d: decoy[i], value: c.value }));
      }
    }
    const seen = new Map(); // many fields make the same request
    const one = async ({ plant, f, r, d, value }) => {
      const key = JSON.stringify([r.path, r.body]);
      if (seen.has(key) && !r.about) return;
      seen.set(key, true);
      asked++;
      const a = await ask(who, o, r);
      if (a.status >= 500) problems.push(`${o.id} ${r.path}: ${a.status} ${a.text.slice(0, 200)}`);
      const { found, allowed } = leaks(person, a, r.revealed);
      if (allowed.length > 0) sightings.set(o.id, (sightings.get(o.id) ?? 0) + allowed.length);
      for (const l of found) problems.push(`${o.id} ${r.op} ${r.path} ${JSON.stringify(r.body ?? '').slice(0, 150)}: ${l}`);
      if (!r.about || mayTell(person, plant, f, r.op) || JSON.stringify(r) === JSON.stringify(d)) return;
      asked++;
      const b = await ask(who, o, d);
      const text = Array.isArray(value) ? value[0] : value;
      const other = decoys[plant.object][f];
      const x = plain(a, text, encodeURIComponent(text));
      const y = plain(b, Array.isArray(other) ? other[0] : other);
      if (x !== y) problems.push(`${o.id} ${r.op} on ${plant.object} ${plant.key}.${f} tells that the value is there: ${x.slice(0, 160)} ≠ ${y.slice(0, 160)}`);
    };
    for (let i = 0; i < work.length; i += 16) await Promise.all(work.slice(i, i + 16).map(one));
  }
  return { problems, asked };
}

for (const person of Object.keys(expected.people)) {
  test(`${person} learns nothing beyond expected.json, on any path, of any field`, async () => {
    const { problems, asked } = await matrix(person);
    assert.ok(asked > 100, `only ${asked} questions`);
    assert.deepEqual(problems.slice(0, 12), [], `${problems.length} leaks in ${asked} questions`);
  });
}

test('on every path a planted value was seen by somebody who may: taken from him, it would be found as a leak', () => {
  // Writes that are refused here, views (nothing is saved), and the timeline, which shows other objects' fields.
  const silent = new Set(['recordTimeline', 'createRecord', 'updateRecord', 'restoreRecord', 'bulkRecords', 'listViews', 'saveView', 'changeView', 'deleteView', 'recent']);
  const missing = operations().map((o) => o.id).filter((id) => !silent.has(id) && !/mport|ob|ejects/.test(id) && !sightings.get(id));
  assert.deepEqual(missing, []);
});

test('the search finds what it must: with every view set to hidden each sighting becomes a leak', async () => {
  const boss = await server.as('boss');
  const a = await boss.get(`/api/v1/records/customer/${planted[0].id}`);
  const kept = expected.people.boss;
  assert.deepEqual(leaks('boss', a).found, []);
  try {
    expected.people.boss = { scope: [], as: 'nothing' };
    const { found } = leaks('boss', a);
    for (const [name, c] of Object.entries(planted[0].fields)) if (c.marks.length > 0) assert.ok(found.some((l) => l.includes(`.${name}`)), name);
  } finally {
    expected.people.boss = kept;
  }
});

test('metadata and the description name no hidden field', async () => {
  for (const person of Object.keys(expected.people)) {
    const who = await server.as(person);
    const meta = ok(await who.get('/api/v1/objects'));
    const role = expected.views[expected.people[person].as];
    for (const object of ['customer', 'contact']) {
      const shown = meta.items.find((o) => o.name === object);
      assert.equal(shown !== undefined, role[object] !== null, `${person} ${object}`);
      for (const f of shown?.fields ?? []) {
        const d = definitions[object].fields.find((x) => x.name === f.name);
        if (d) assert.equal(f.view, role[object][classOf(object, f.name)], `${person} ${object}.${f.name}`);
      }
      for (const f of definitions[object].fields) {
        if (shown && role[object][classOf(object, f.name)] !== 'hidden') assert.ok(shown.fields.some((x) => x.name === f.name), `${person} ${object}.${f.name}`);
      }
    }
    const schemas = ok(await who.get('/api/v1/openapi.json')).components.schemas;
    for (const o of meta.items) assert.deepEqual(Object.keys(schemas[`record_${o.name}`].properties), o.fields.map((f) => f.name));
  }
});

// The leak matrix: every person × every path of the server's own description × every field of the planted objects (from
// their definitions) × every way to ask. Each answer is searched for planted values that expected.json does not give
// this person; each question about a value that he may not know is asked a second time with a value that nobody has,
// and must be answered alike.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { tampers } from './checker.mjs';
import { matrix } from './matrix.mjs';
import { operationsOf, questions } from './questions.mjs';
import { canary } from './plant.mjs';
import { expected, main, Stage } from './stage.mjs';

const people = Object.keys(expected.people);
const sighted = new Map(); // operation → {asked, allowed}: planted values seen by those who may
const stage = new Stage();
before(() => stage.start());
after(() => stage.stop());

for (const person of people) {
  test(`${person} learns nothing beyond expected.json, on any path, of any field`, async (t) => {
    const { problems, asked, byOperation } = await matrix(stage, person);
    for (const [id, n] of byOperation) {
      const sum = sighted.get(id) ?? { asked: 0, allowed: 0 };
      sighted.set(id, { asked: sum.asked + n.asked, allowed: sum.allowed + n.allowed });
    }
    t.diagnostic(`${asked} questions`);
    assert.ok(asked > 100, `only ${asked} questions`);
    assert.deepEqual(problems.slice(0, 12), [], `${problems.length} leaks in ${asked} questions`);
  });
}

test('every path was asked, by everyone; the ones that are not are published with a reason', () => {
  const missing = operationsOf(stage.doc).map((o) => o.id).filter((id) => (sighted.get(id)?.asked ?? 0) < people.length);
  assert.deepEqual(missing.sort(), Object.keys(expected.unasked).sort());
});

test('on every path a planted value was seen by somebody who may, but for the silent ones', () => {
  const silent = operationsOf(stage.doc).map((o) => o.id).filter((id) => !sighted.get(id)?.allowed);
  assert.deepEqual(silent.sort(), Object.keys(expected.silent).sort());
});

// Marketing sees masked personal fields, and nothing sensitive: the answers are real ones, one value too rich.
const spy = 'marketing';
const secrets = ['bank_card', 'person_name', 'remark', 'mobile'];
test('a value planted in the answer of any path, in body, header, token or bytes, is found', async () => {
  const fields = stage.planted[0].fields;
  for (const o of operationsOf(stage.doc)) {
    for (const [i, [kind, tamper]] of Object.entries(tampers).entries()) {
      const c = fields[secrets[i % secrets.length]];
      const [mark] = kind === 'cursor' || kind === 'hex' ? (c.deep ?? c.marks) : c.marks;
      const { problems } = await matrix(stage, spy, { only: o.id, most: 2, tamper: (a) => tamper(a, mark) });
      assert.ok(problems.some((p) => p.startsWith(`${o.id} `) && p.includes(secrets[i % secrets.length])), `${o.id}: a value in its ${kind} is not found`);
    }
  }
});

test('on any path that is asked about values, an answer that depends on one is found', async () => {
  const about = new Set([...operationsOf(stage.doc)].filter((o) => [...questions(stage, o, spy)].some((q) => q.d)).map((o) => o.id));
  assert.deepEqual([...about].sort(), ['bulkRecords', 'createRecord', 'groupRecords', 'listRecords', 'queryRecords', 'suggest', 'updateRecord']);
  for (const only of about) {
    for (const change of [(a) => ({ ...a, text: `${a.text} ` }), (a) => ({ ...a, status: a.status + 1 }), (a) => ({ ...a, headers: { ...a.headers, etag: '"9"' } })]) {
      const { problems } = await matrix(stage, spy, { only, most: 80, tamper: (a, q) => (q.d ? change(a) : a) });
      assert.ok(problems.some((p) => p.startsWith(`${only} `) && p.includes('tells that the value is there')), only);
    }
  }
});

test('the name of a hidden field is found, and its key beside a record', async () => {
  const name = (a) => ({ ...a, json: { ...a.json, where: { field: 'resident_id' } } });
  const key = (a) => ({ ...a, json: { ...a.json, id: stage.planted[0].id, resident_id: null } });
  for (const [only, tamper, words] of [['listViews', name, 'the name of customer.resident_id'], ['getRecord', key, 'key customer A.resident_id']]) {
    const { problems } = await matrix(stage, spy, { only, most: 3, tamper });
    assert.ok(problems.some((p) => p.includes(words)), only);
  }
});

test('with every view set to hidden each sighting becomes a leak', async () => {
  const kept = expected.people.boss;
  try {
    expected.people.boss = { scope: [], as: 'nothing' };
    const { problems } = await matrix(stage, 'boss', { only: 'getRecord' });
    for (const plant of stage.planted.filter((p) => p.id)) {
      for (const [name, c] of Object.entries(plant.fields)) if (c.marks.length > 0) assert.ok(problems.some((l) => l.includes(`: ${plant.object} ${plant.key}.${name} `)), `${plant.object} ${plant.key}.${name}`);
    }
  } finally {
    expected.people.boss = kept;
  }
});

test('metadata and the description name no hidden field', async () => {
  for (const person of people) {
    const who = await stage.as(person);
    const meta = ok(await who.get('/api/v1/objects'));
    const role = expected.views[expected.people[person].as];
    for (const object of main) {
      const shown = meta.items.find((o) => o.name === object);
      assert.equal(shown !== undefined, role[object] !== null, `${person} ${object}`);
      for (const d of stage.definitions[object].fields) {
        const view = role[object]?.[stage.classOf(object, d.name)] ?? 'hidden';
        assert.equal(shown?.fields.find((f) => f.name === d.name)?.view ?? 'hidden', view, `${person} ${object}.${d.name}`);
      }
    }
    const schemas = ok(await who.get('/api/v1/openapi.json')).components.schemas;
    for (const o of meta.items) assert.deepEqual(Object.keys(schemas[`record_${o.name}`].properties), o.fields.map((f) => f.name));
  }
});

test('the auditor reads who revealed what and why, and no value', async () => {
  const auditor = await stage.as('auditor');
  const { items } = ok(await auditor.get('/api/v1/audit?act=reveal&limit=20'));
  assert.ok(items.length > 0);
  for (const { seq } of items) {
    const a = await auditor.get(`/api/v1/audit/${seq}`);
    assert.match(ok(a).detail ?? '', /泄漏矩阵的检查|^$/);
    assert.deepEqual([...stage.checker.find(a)], []);
  }
});

test('of named records an approval tells titles to who asks and to a decider who sees them, and to nobody else', async () => {
  const [led, unled] = stage.acts;
  const told = { sales1: [led], manager: [led], leader: [led], salescd: [unled] };
  const may = { ...told, secadmin: [unled] }; // who decides where nobody leads, and sees no record
  for (const person of people) {
    const who = await stage.as(person);
    for (const id of stage.acts) {
      const a = await who.get(`/api/v1/proposals/${id}/effect`);
      assert.equal(a.status, may[person]?.includes(id) ? 200 : 404, `${person} ${id}`);
      if (a.status === 200) assert.equal(a.json.titles.length, told[person]?.includes(id) ? 1 : 0, `${person} ${id}`);
    }
  }
});

// Beyond the matrix, which only sends what is refused: these make records.
test('a unique value that stands beyond the caller’s scope is taken as one that stands nowhere', async () => {
  const plain = (a) => `${a.status} ${Object.keys(a.json ?? {}).sort()} ${a.json?.code ?? ''} ${a.json?.items?.map((i) => [i.status, i.error?.code]) ?? ''}`;
  const unique = stage.definitions.customer.fields.filter((f) => f.unique).map((f) => f.name);
  assert.ok(unique.length > 0);
  for (const [person, key, told] of [['leader', 'B', false], ['sales1', 'B', false], ['sales2', 'A', false], ['salescd', 'A', false], ['sales1', 'A', true]]) {
    const who = await stage.as(person);
    const plant = stage.planted.find((p) => p.object === 'customer' && p.key === key);
    for (const f of unique) {
      for (const send of [(v) => who.post('/api/v1/records/customer', { customer_type: 'company', name: '同名公司', [f]: v }),
        (v) => who.post('/api/v1/records/customer/bulk', { act: 'create', items: [{ fields: { customer_type: 'company', name: '同名公司', [f]: v } }] })]) {
        const real = plain(await send(plant.fields[f].value));
        const other = plain(await send(canary(stage.definitions.customer.fields.find((d) => d.name === f)).value));
        (told ? assert.notEqual : assert.equal)(real, other, `${person} ${key}.${f}`);
        if (!told) break; // the second would meet the caller's own first
      }
    }
  }
});

test('nothing planted stands in what the processes said', () => {
  assert.ok(stage.log.length > 100, 'the log was read');
  assert.deepEqual([...stage.checker.search(stage.log)].map((w) => `${w.plant.object} ${w.plant.key}.${w.name}`), []);
});

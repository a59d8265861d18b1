// Saved views: what their owner put into a filter is his. Whoever opens another's shared view learns no value of it, neither
// by reading it nor by asking what it asks; two views that differ only in such values are one to him; a view that is not
// his is one that is not there.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { Server, root } from '../api/server.mjs';
import { Checker } from './checker.mjs';
import { canary } from './plant.mjs';

const path = '/api/v1/views/customer';
const definition = JSON.parse(readFileSync(join(root, 'objects/customer.json'), 'utf8'));
const sealed = definition.fields.filter((f) => ['personal', 'sensitive'].includes(f.class) && canary(f, 1));
const readers = ['service1', 'service2', 'finance1', 'marketing']; // of the leader's department, each seeing less than he
const strangers = ['sales1', 'salescd', 'boss', 'head', 'steward', 'auditor', 'sysadmin', 'nobody'];

let server, leader, checker;
const pairs = []; // {field, ids: [of the planted value, of another]}
const first = (v) => (Array.isArray(v) ? v[0] : v);
const shared = async (what) => ok(await leader.post(path, { shared: true, fields: ['name'], sort: ['-created_at'], ...what }), 201).id;

// Every form in which a value may stand in a tree, also such as no page of ours makes.
const trees = (f, value) => ({
  leaf: { field: f, op: 'eq', value },
  list: { and: [{ field: f, op: 'in', value: [value] }, { not: { or: [{ field: f, op: 'contains', value }] } }] },
  child: { and: [{ child: 'contact', where: { field: 'mail', op: 'eq', value } }, { field: 'grade', op: 'eq', value: 'a' }] },
  beside: { field: f, op: 'eq', value, values: [value], note: { text: value } },
  under: { field: 'grade', op: 'eq', value: 'a', and: [{ field: f, op: 'eq', value }], note: value },
  unknown: { or: [{ field: 'no_such', op: 'eq', value }, { field: f, op: value, value: null }, { nonsense: value, and: [] }] },
});

before(async () => {
  server = await new Server().start();
  leader = await server.as('leader');
  const fields = Object.fromEntries(definition.fields.map((f) => [f.name, canary(f)]).filter(([, c]) => c));
  await leader.create('customer', Object.fromEntries(Object.entries(fields).map(([k, c]) => [k, c.value])));
  checker = new Checker([{ object: 'customer', key: 'A', fields: Object.fromEntries(sealed.map((f) => [f.name, fields[f.name]])) }]);
  for (const f of sealed) {
    const other = first(canary(f).value);
    const both = [trees(f.name, first(fields[f.name].value)), trees(f.name, other)];
    for (const kind of Object.keys(both[0])) {
      if (f !== sealed[0] && kind !== 'leaf' && kind !== 'under') continue; // the forms are tried on one field, the fields in two forms
      pairs.push({ field: f.name, kind, ids: [await shared({ name: `${f.name} ${kind}`, where: both[0][kind] }), await shared({ name: `${f.name} ${kind}`, where: both[1][kind] })] });
    }
  }
});
after(() => server.stop());

const plain = (view) => JSON.stringify({ ...view, id: '' });
const held = (answer) => [...checker.find(answer)].map((w) => w.name);

for (const login of readers) {
  test(`${login} learns from a shared view no value of it, and can't tell two that differ only in values apart`, async () => {
    const who = await server.as(login);
    const listed = await who.get(path);
    const views = new Map(ok(listed).items.map((v) => [v.id, v]));
    assert.deepEqual(held(listed), []);
    for (const { field, kind, ids } of pairs) {
      const [a, b] = ids.map((id) => views.get(id));
      assert.ok(a && b, `${field} ${kind} is shared`);
      assert.equal(plain(a), plain(b), `${field} ${kind}`);
      // As a page does that opens it.
      const answers = [];
      for (const v of [a, b]) answers.push(await who.post('/api/v1/records/customer/query', { where: v.where, fields: v.fields, sort: v.sort, count: true }));
      assert.equal(answers[0].status, answers[1].status, `${field} ${kind}`);
      assert.deepEqual(answers[0].json?.items, answers[1].json?.items, `${field} ${kind}`);
      for (const answer of answers) assert.deepEqual(held(answer), []);
    }
  });
}

test('whose view it is not, shared or private, learns not even that it is there', async () => {
  const where = trees('mobile', '13912345678').leaf;
  const own = ok(await leader.post(path, { name: '私有', where }), 201).id;
  const words = (a) => `${a.status} ${a.headers.etag ?? ''} ${a.text.replace(/"request_id":"[^"]*"/, '')}`;
  for (const login of [...readers, ...strangers]) {
    const who = await server.as(login);
    const views = (await who.get(path)).json?.items ?? [];
    assert.ok(!views.some((v) => v.id === own), `${login} sees a private view`);
    if (strangers.includes(login)) assert.deepEqual(views, [], login);
    for (const send of [(id) => who.patch(`${path}/${id}`, { shared: true }), (id) => who.patch(`${path}/${id}`, { name: '' }), (id) => who.delete(`${path}/${id}`)]) {
      const none = words(await send(randomUUID()));
      assert.match(none, /^404/);
      for (const id of [own, pairs[0].ids[0]]) assert.equal(words(await send(id)), none, login);
    }
  }
  assert.deepEqual(ok(await leader.get(path)).items.find((v) => v.id === own).where, where, 'its owner has it whole');
});

test('what is no longer shared is gone for others; what is shared later is clean too', async () => {
  const reader = await server.as('service1');
  const mine = async (id) => ok(await reader.get(path)).items.find((v) => v.id === id);
  const id = await shared({ name: '来去', where: trees('mobile', '13987654321').leaf });
  ok(await leader.patch(`${path}/${id}`, { shared: false }));
  assert.equal(await mine(id), undefined);
  ok(await leader.patch(`${path}/${id}`, { shared: true }));
  assert.equal((await mine(id)).where.value, null);
  ok(await leader.patch(`${path}/${id}`, { where: trees('resident_id', '110101199003070003').under }));
  assert.ok(!JSON.stringify(await mine(id)).includes('199003070003'));
  ok(await leader.delete(`${path}/${id}`), 204);
  assert.equal(await mine(id), undefined);
});

test('no value of a filter lies in clear in the database', () => {
  for (const name of readdirSync(join(server.data, 'db'))) {
    const bytes = readFileSync(join(server.data, 'db', name));
    for (const text of ['13987654321', '199003070003', ...sealed.flatMap((f) => checker.marksOf(f.name))]) assert.equal(bytes.indexOf(text), -1, `${name} holds ${text}`);
  }
});

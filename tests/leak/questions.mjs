// Every question of the leak matrix, made from the server's own description of its paths: parameters are filled with
// what the stage holds, whoever asks. A path whose parameters nobody knows to fill is an error, not an omission.
import { randomUUID } from 'node:crypto';
import { main } from './stage.mjs';

export const operationsOf = (doc) => Object.entries(doc.paths).flatMap(([path, item]) => Object.entries(item).map(([method, op]) => ({ path, method, id: op.operationId, personal: op['x-personal'], bytes: op.requestBody?.content?.['application/octet-stream'] !== undefined })));

const first = (v) => (Array.isArray(v) ? v[0] : v);
const no = randomUUID(); // an id that nobody has

// ---- what stands for a parameter ----

const fillers = {
  '/scim/': () => [{ id: 999999, key: 999999 }], // nobody there holds a provisioning key
  '/ldap/': () => [{ id: 999999 }], // none is set there
  '/records/': (stage) => stage.planted.filter((p) => p.id).map((p) => ({ object: p.object, id: p.id })),
  '/views/': (stage) => stage.views.map((v) => ({ object: 'customer', id: v.id, owner: v.owner })),
  '/imports/': (stage) => stage.imports.map((i) => ({ id: i.id, owner: i.owner, part: 999, open: !i.job, mapping: i.mapping })),
  '/jobs/': (stage) => stage.imports.filter((i) => i.job).map((i) => ({ id: i.job, owner: i.owner })),
  '/sessions/': (stage) => Object.entries(stage.sessions).map(([owner, id]) => ({ id, owner })),
  '/keys/': (stage) => Object.entries(stage.sessions).map(([owner, id]) => ({ id, owner })),
  '/passkeys/': () => [{ id: no }],
  '/sso/': () => [{ id: 999999, provider: 999999 }],
  '/users/': () => [{ id: 999999, provider: 999999 }], // who is really there would be signed out
  '/policies/': () => [{ version: 999999, decision: 'approve' }],
  '/leave': () => [{ id: 999999 }], // who is really there would leave
  '/people/': () => [{ id: 10 }, { id: 999999 }],
  '/departments/': () => [{ id: 3 }],
  '/roles/': () => [{ id: 999999 }],
  '/proposals/': (stage) => [...stage.acts, 999999].map((id) => ({ id })),
  '/grants/': () => [{ id: 1 }, { id: 999999 }],
  '/handovers/': () => [{ id: no }, { id: '3.10' }],
  '/reviews/': () => [{ id: 1 }, { id: 999999 }],
  '/conflicts/': (stage) => [{ id: stage.conflict }],
  '/alarms/': () => [{ id: 1 }],
  '/audit/': () => [1, 30, 60, 90, 120].map((seq) => ({ seq })),
  '/objects/': (stage) => main.flatMap((object) => stage.definitions[object].fields.map((f) => ({ object, field: f.name }))),
};

function fill(path, values) {
  return path.replace(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`the matrix has no value for {${name}} of ${path}`);
    return values[name];
  });
}

function* placesOf(stage, o) {
  if (!o.path.includes('{')) return yield {};
  const kind = Object.keys(fillers).find((k) => o.path.includes(k));
  if (!kind) throw new Error(`the matrix doesn't know what ${o.path} speaks of`);
  const seen = new Set();
  for (const place of fillers[kind](stage)) {
    const path = fill(o.path, place);
    if (!seen.has(path)) yield { ...place, path };
    seen.add(path);
  }
}

// ---- questions about one field's value ----

function* ways(f, value) {
  const text = String(first(value));
  const leaf = (op, v = first(value)) => ({ field: f, op, value: v });
  for (const op of ['eq', 'ne', 'ge', 'in', 'contains', 'starts_with', 'ends_with', 'has', 'is_null', 'not_null']) yield { filter: leaf(op, op === 'in' ? [text] : op === 'ends_with' ? text.slice(-4) : undefined), op };
  yield { filter: { not: leaf('eq') }, op: 'not' };
  yield { filter: { child: 'contact', where: leaf('eq') }, op: 'child' };
  yield { search: text, op: 'search' };
}

const inUrl = new Set(['eq', 'ge', 'contains']); // a URL's filter goes the way of a body's: there every operator is tried
const few = new Set(['eq', 'search']); // enough where the whole object is unknown

function* listQuestions(o, at, f, value, known) {
  const shown = known ? [`fields=${f}`, `sort=${f}`, `sort=-${f}&limit=1`, `by=${f}`, `fields=${f}&deleted=true`, `count=true&fields=${f}`] : [`fields=${f}&by=${f}`];
  for (const q of o.path.endsWith('/groups') ? shown.filter((s) => s.includes('by=')) : shown) yield { path: `${at}?${q}`, op: 'show' };
  for (const w of ways(f, value)) {
    if (!w.filter || !inUrl.has(w.op) || !(known || few.has(w.op)) || (o.path.endsWith('/groups') && w.op !== 'eq')) continue;
    yield { path: `${at}?count=true&fields=id&by=status&filter=${encodeURIComponent(JSON.stringify(w.filter))}`, op: w.op, about: true };
  }
}

function* queryQuestions(o, at, stage, plant, f, value, known) {
  const title = stage.definitions[plant.object].title_fields[0];
  const whole = o.path.includes('{object}');
  for (const w of ways(f, value)) {
    if ((whole || w.op === 'search') && (known || few.has(w.op))) yield { path: at, body: { where: w.filter, search: w.search, text: w.search ?? String(value), count: true, fields: [title] }, op: w.op, about: true };
  }
  for (const body of [{ fields: [f] }, { sort: [f], fields: [f] }, { group_by: f }, { sort: [`-${f}`], limit: 1, count: true }]) yield { path: at, body: { ...body, text: f }, op: 'show' };
}

// Writes that are refused or change nothing, and say why: the reason may not tell what stands there.
const refusals = {
  createRecord: (f, value) => [{ body: { [f]: value, customer_type: 'zz', is_primary: 'zz' }, op: 'unique' }],
  updateRecord: (f, value) => [{ body: { [f]: value }, version: 1, op: 'conflict' }, { body: { [f]: { x: 1 } }, version: 1, op: 'show' }],
  bulkRecords: (f, value, plant) => [
    { body: { act: 'create', items: [{ fields: { [f]: value, customer_type: 'zz', is_primary: 'zz' } }] }, op: 'unique' },
    { body: { act: 'update', items: [{ id: plant.id, version: 1, fields: { [f]: value } }] }, op: 'conflict' },
  ],
};

function* fieldQuestions(stage, o, plant, f, value, known) {
  const at = fill(o.path, { ...plant, field: f });
  if (o.method === 'get') yield* listQuestions(o, at, f, value, known);
  else if (o.id === 'revealRecord') yield { path: at, body: { fields: [f], reason: '泄漏矩阵的检查' }, op: 'reveal', revealed: true };
  else if (refusals[o.id]) for (const r of refusals[o.id](f, value, plant)) yield { ...r, path: at, about: r.op !== 'show' };
  else yield* queryQuestions(o, at, stage, plant, f, value, known);
}

// ---- questions about a thing as a whole ----

// By operation: what to send so that the answer says as much as it can and the stage stays as it is.
const bodies = {
  signIn: (_, person) => [{ body: { login: `no such ${person}`, password: 'wrong' } }],
  signOut: () => [{ csrf: 'wrong' }],
  // Failed proofs slow the address down for everybody who is asked after.
  ...Object.fromEntries(['showSecondFactor', 'challengeSecondFactor', 'beginPasskey', 'confirmPasskey', 'beginTotp', 'confirmTotp', 'makeRecoveryCodes', 'changePassword'].map((id) => [id, () => [{ csrf: 'wrong', body: {} }]])),
  // Whoever is asked after works on in his sessions.
  endSessions: () => [{ body: { id: no } }, { csrf: 'wrong', body: {} }],
  endEverybodysSessions: () => [{ csrf: 'wrong', body: {} }],
  signInByPasskey: () => [{ body: 'x' }],
  makeImport: () => [...main, 'task'].flatMap((object) => [{ body: { object, file_name: 'x.xlsx', size: 5 } }, { body: { object, file_name: 'x.csv', size: 0 } }]),
  previewImport: () => [{ body: {} }, { body: { encoding: 'gb18030', header: false } }],
  checkImport: (place) => [{ body: { mapping: place.mapping ?? [] } }, { body: { mapping: [{ column: 0, field: 'mobile' }] } }],
  startImport: () => [{ body: { mapping: [{ column: 0, field: 'no_such' }] } }],
  deleteRecord: () => [{ version: 999999 }],
  bulkRecords: (place) => ['delete', 'transfer', 'restore'].map((act) => ({ body: { act, items: [{ id: place.id, version: 999999, fields: {} }] } })),
  queryRecords: () => [{ body: { limit: 200 } }, { body: { limit: 1, sort: ['-created_at'] } }, { body: { deleted: true } }],
  revealRecord: (place) => [{ body: { fields: ['remark', 'content', 'receiver_mobile', 'payer_account', 'description'].filter((f) => place.fields?.includes(f)), reason: '泄漏矩阵的检查' }, revealed: true }],
  updateRecord: () => [{ body: {}, version: 999999 }],
  resolveConflict: () => [{ body: { resolution: 'merged' } }],
  suggest: () => [{ body: { text: '公司' } }, { body: { text: '钱' } }, { body: { text: 'gs', limit: 20 } }],
  listAudit: () => ['', '?actor=me', '?actor=10', '?act=reveal', '?limit=200', `?record=${no}`].map((query) => ({ query })),
  listHighRiskActs: () => ['', '?limit=1', '?actor=10', '?act=reveal', '?object=customer', '?object=no_such'].map((query) => ({ query })),
  seeNews: () => [{ body: {} }, { body: { until: 1 } }],
  recordHistory: () => ['', '?limit=1', '?limit=200&before=3'].map((query) => ({ query })),
  recordTimeline: () => ['', '?limit=2', '?limit=100&kinds=follow_up,order'].map((query) => ({ query })),
  listRecords: (place) => ['?limit=200', `?fields=${(place.fields ?? []).join(',')}`, '?sort=-created_at&limit=1', '?deleted=true'].map((query) => ({ query })),
};

// What would end or change the thing itself, asked by its owner, is asked of one that nobody has.
const spoils = (o, place, person) => place.owner === person && (o.method === 'delete' || (o.id === 'undoImport' && !place.open));

function* wholeQuestions(stage, o, person) {
  for (const place of placesOf(stage, o)) {
    const plant = stage.planted.find((p) => p.id && p.id === place.id);
    if (plant && stage.fieldPlants().includes(plant) && !o.path.includes('{id}')) place.path = fill(o.path, place);
    const path = spoils(o, place, person) ? fill(o.path, { ...place, id: no }) : (place.path ?? o.path);
    const fields = plant && Object.keys(plant.fields).filter((f) => { const role = stage.role(person)[plant.object]; return role && (role[f] ?? role[stage.classOf(plant.object, f)]) !== 'hidden'; });
    const asked = bodies[o.id]?.({ ...place, fields }, person) ?? [{ body: o.method === 'get' || o.method === 'delete' ? undefined : o.bytes ? Buffer.from('x') : {} }];
    for (const { query = '', ...r } of asked) yield { op: 'show', ...r, path: path + query, plant };
  }
}

// Pairs of a question about a planted value and, where it is one about a value, the same about one that nobody has.
export function* questions(stage, o, person) {
  const byField = /^\/api\/v1\/(records\/|suggest)/.test(o.path) && (!o.path.includes('{id}') || ['revealRecord', 'updateRecord'].includes(o.id)) && o.id !== 'deleteRecord';
  for (const plant of byField ? stage.fieldPlants() : []) {
    const known = stage.role(person)[plant.object] !== null;
    for (const [f, c] of Object.entries(plant.fields)) {
      const real = [...fieldQuestions(stage, o, plant, f, c.value, known)];
      const decoy = [...fieldQuestions(stage, o, plant, f, stage.decoys[plant.object][f], known)];
      for (const [i, r] of real.entries()) yield { o, plant, f, r, d: r.about ? decoy[i] : undefined };
    }
  }
  for (const r of wholeQuestions(stage, o, person)) yield { o, plant: r.plant, r };
}

// Asks one person's questions and judges the answers: no planted value that expected.json does not give him, no name of
// a field that is hidden from him, and no difference between a value that is there and one that nobody has.
import { stringsIn, objectsIn } from './checker.mjs';
import { main } from './stage.mjs';
import { operationsOf, questions } from './questions.mjs';

const AT_ONCE = 24;

// A saved view gives its owner his own words back.
const ownWords = (stage, person, o, plant) => o.path.includes('/views/') && plant === stage.planted[0] && stage.views.some((v) => v.owner === person);

function leaks(stage, person, { o, r }, answer) {
  const found = [];
  let allowed = 0;
  for (const { plant, name } of stage.checker.find(answer)) {
    const view = ownWords(stage, person, o, plant) ? 'clear' : stage.viewOf(person, plant, name, r.revealed);
    if (view === 'clear') allowed++;
    else found.push(`${plant.object} ${plant.key}.${name} (${view})`);
  }
  const byId = new Map(stage.planted.filter((p) => p.id).map((p) => [p.id, p]));
  for (const node of objectsIn(answer.json)) {
    const plant = byId.get(node.id);
    if (!plant || node.value !== undefined || node.error !== undefined) continue; // a group; an item of a bulk
    for (const name of Object.keys(plant.fields)) if (name in node && (name !== 'title' || '_version' in node) && stage.viewOf(person, plant, name) === 'hidden') found.push(`key ${plant.object} ${plant.key}.${name}`);
  }
  return { found, allowed };
}

// Names of fields that are hidden from him wherever they stand, on the paths of their own object; a question's own words
// come back in the answer to it.
function names(stage, person, o, r, answer) {
  const object = /\/(?:views|records|objects)\/(\w+)/.exec(r.path)?.[1];
  const views = stage.role(person)[object];
  if (!main.includes(object) || !views || o.id === 'recordTimeline') return [];
  const sent = `${r.path} ${JSON.stringify(r.body ?? '')}`;
  const hidden = new Set(stage.definitions[object].fields.map((f) => f.name).filter((f) => !sent.includes(f) && views[stage.classOf(object, f)] === 'hidden'));
  return [...new Set([...stringsIn(answer.json)].map((s) => s.replace(/^-/, '')))].filter((s) => hidden.has(s)).map((s) => `the name of ${object}.${s}`);
}

const told = ['etag', 'location', 'retry-after', 'idempotent-replayed', 'content-type'];
function plain(a, ...values) {
  let t = `${a.status} ${told.map((h) => a.headers[h] ?? '').join(' ')} ${a.text.replace(/"request_id":"[^"]*"/g, '').replace(/"used":\d+/g, '')}`;
  for (const v of values) t = t.replaceAll(String(v).length > 5 ? String(v) : JSON.stringify(v), 'VALUE');
  return t;
}

// May the answer to a question about this value differ from that about one which nobody has? Yes where he sees the
// field, or may match it; and where he sees it on his own record, a comparison speaks of that one.
const whole = ['eq', 'in', 'contains', 'starts_with', 'ends_with', 'has', 'search', 'child'];
function mayTell(stage, person, { plant, f, r: { op } }) {
  const view = stage.viewOf(person, plant, f);
  if (view === 'clear') return true;
  if (op === 'unique' || op === 'conflict') return false;
  const own = stage.planted.some((p) => p.object === plant.object && stage.viewOf(person, p, f) === 'clear' && f in p.fields);
  if (own && (!whole.includes(op) || plant.fields[f].marks.length === 0)) return true;
  return view === 'masked' && ['eq', 'ends_with', 'not', 'child', 'search'].includes(op) && stage.mayMatch(person, plant.object, f);
}

async function ask(stage, who, o, r) {
  const headers = { ...(r.version && { 'if-match': `"${r.version}"` }), ...(o.bytes && { 'content-type': 'application/octet-stream' }) };
  const a = await who.request(o.method.toUpperCase(), r.path, { body: r.body, headers, ...(r.csrf && { csrf: r.csrf }) });
  if (r.path.endsWith('/restore') || r.body?.act === 'restore') await stage.rebin();
  return a;
}

// Pages that an answer leads to are part of it.
function* onward(r, a) {
  const next = a.json?.next_cursor ?? a.json?.next;
  if (!next || r.about || r.followed) return;
  const name = a.json.next_cursor ? 'cursor' : 'before';
  yield r.body ? { ...r, followed: true, body: { ...r.body, [name]: next } } : { ...r, followed: true, path: `${r.path}${r.path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(next)}` };
}

// {problems, asked, byOperation: Map(operation id → {asked, allowed})}. `only`: one operation; `most`: so many questions;
// `tamper`: changes an answer on its way, to see that the check would notice.
export async function matrix(stage, person, { only, most = Infinity, tamper = (a) => a } = {}) {
  const who = await stage.as(person);
  const problems = [];
  const byOperation = new Map();
  const asked = new Map(); // many questions are one request
  const put = (o, r) => {
    const key = JSON.stringify([o.method, r.path, r.body, r.version]);
    if (!asked.has(key)) {
      byOperation.get(o.id).asked++;
      asked.set(key, ask(stage, who, o, r));
    }
    return asked.get(key);
  };
  const one = async (q) => {
    const { o, plant, f, r, d } = q;
    const a = tamper(await put(o, r), q);
    const where = `${o.id} ${r.op} ${r.path} ${JSON.stringify(r.body ?? '').slice(0, 150)}`;
    if (a.status >= 500) problems.push(`${where}: ${a.status} ${a.text.slice(0, 200)}`);
    const { found, allowed } = leaks(stage, person, { o, r }, a);
    byOperation.get(o.id).allowed += allowed;
    for (const l of [...found, ...names(stage, person, o, r, a)]) problems.push(`${where}: ${l}`);
    for (const next of onward(r, a)) await one({ ...q, r: next });
    if (!d || mayTell(stage, person, q) || JSON.stringify(r) === JSON.stringify(d)) return;
    const b = await put(o, d);
    const [text, other] = [plant.fields[f].value, stage.decoys[plant.object][f]].map((v) => (Array.isArray(v) ? v[0] : v));
    const [x, y] = [plain(a, text, encodeURIComponent(text)), plain(b, other, encodeURIComponent(other))];
    if (x !== y) problems.push(`${where} on ${plant.object} ${plant.key}.${f} tells that the value is there: ${x.slice(0, 160)} ≠ ${y.slice(0, 160)}`);
  };
  for (const o of operationsOf(stage.doc)) {
    if (only && o.id !== only) continue;
    byOperation.set(o.id, { asked: 0, allowed: 0 });
    const work = [];
    for (const q of questions(stage, o, person)) if (work.length < most) work.push(q);
    for (let i = 0; i < work.length; i += AT_ONCE) await Promise.all(work.slice(i, i + AT_ONCE).map(one));
  }
  return { problems, asked: asked.size, byOperation };
}

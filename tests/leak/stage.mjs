// The test company with a canary in every field that a customer's data can stand in: two customers with contacts and
// everything that hangs on them, one more in the recycle bin, imports with rejected rows, saved views,
// a number that two of them shared.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '../api/client.mjs';
import { password, root, Server, until } from '../api/server.mjs';
import { Checker } from './checker.mjs';
import { canary } from './plant.mjs';

export const expected = JSON.parse(readFileSync(join(root, 'tests/leak/expected.json'), 'utf8'));
export const main = ['customer', 'contact']; // asked about field by field; the others hang on them
const linked = ['opportunity', 'contract', 'order', 'payment', 'ticket', 'follow_up', 'task'];
const octets = { 'content-type': 'application/octet-stream' };

// Budgets are another test's affair: here everyone may ask as often as there are questions. Of changes of owner an
// approval is wanted, beyond a number that nobody reaches, and sales1 has a leader: so that one can be asked for and looked at.
const approved = (text) => text.replace(/^(company 1 \{)/m, '$1"high_risk":{"transfer":{"above":1000000,"approval":true}},')
  .replace('"roles":["branch_leader"],"department":2,"duties":[],"manages":[]', '"roles":["branch_leader"],"department":2,"duties":[],"manages":[2]');
function company(change) {
  const file = join(tmpdir(), `kedun-leak-company-${process.pid}.txt`);
  writeFileSync(file, change(approved(readFileSync(join(root, 'tests/api/company.txt'), 'utf8').replace(/"day":\d+/g, '"day":10000000'))));
  return file;
}

export class Stage {
  planted = []; // {object, key, scope, id, fields: {name: {value, marks, numbers}}, only?: the one login who may see it}
  decoys = {};
  definitions = {};
  imports = []; // {id, job?, owner}
  views = []; // {id, owner, object}
  acts = []; // ids of proposals that name a planted record: one a leader decides, one a security administrator
  log = '';

  async start({ policies, change = (text) => text } = {}) {
    for (const o of [...main, ...linked]) this.definitions[o] = JSON.parse(readFileSync(join(root, `objects/${o}.json`), 'utf8'));
    for (const o of main) this.decoys[o] = Object.fromEntries(this.definitions[o].fields.map((f) => [f.name, canary(f)?.value]));
    this.server = await new Server({ company: company(change), ...(policies && { policies }) }).start();
    for (const stream of ['stdout', 'stderr']) this.server.process[stream].on('data', (t) => (this.log += t));
    await this.#fill('A', 'sales1');
    await this.#fill('B', 'salescd');
    await this.#bin('D', 'A', 'sales1');
    await this.#import('A', 'sales1');
    await this.#import('B', 'salescd');
    await this.#save();
    if (policies) this.conflict = randomUUID(); // who sees both is told of the conflict: there is no queue
    else await this.#share();
    if (!policies) for (const [key, owner] of [['A', 'sales1'], ['B', 'salescd']]) this.acts.push(await this.#approval(key, owner));
    this.sessions = {};
    for (const login of ['boss', 'sales1']) this.sessions[login] = await this.#session(login);
    this.doc = ok(await (await this.as('boss')).get('/api/v1/openapi.json'));
    this.checker = new Checker(this.planted);
    return this;
  }

  stop() {
    return this.server.stop();
  }

  async as(login) {
    const who = await this.server.as(login);
    who.agent.maxSockets = 12;
    return who;
  }

  #canaries(object) {
    const fields = {};
    for (const f of this.definitions[object].fields) {
      const c = canary(f);
      if (c) fields[f.name] = c;
    }
    return fields;
  }

  // An approval that is asked for with a named record, whose title whoever decides is told if he sees it.
  async #approval(key, owner) {
    const { id } = this.planted.find((p) => p.object === 'customer' && p.key === key);
    const change = { act: 'transfer', object: 'customer', records: [id], hours: 4 };
    return ok(await (await this.as(owner)).post('/api/v1/proposals', { kind: 'act', reason: '泄漏矩阵的检查', change }), 201).id;
  }

  // One more session, which may be ended.
  async #session(login) {
    const who = this.server.client();
    await who.signIn(login, password);
    const { id } = ok(await who.get('/api/v1/sessions')).items.find((s) => s.current);
    who.close();
    return id;
  }

  async #plant(who, object, key, scope, references = {}) {
    const fields = this.#canaries(object);
    const body = Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v.value]));
    for (const f of this.definitions[object].fields) if (f.type === 'reference' && references[f.reference] && f.name !== 'parent_company') body[f.name] = references[f.reference];
    const made = await who.create(object, body);
    this.planted.push({ object, key, scope, id: made.id, fields });
    return made;
  }

  // A change of every field, so that history has both values: the first ones are marks too.
  async #change(who, object, made) {
    const { fields } = this.planted.find((p) => p.id === made.id);
    for (const f of this.definitions[object].fields) {
      const c = canary(f);
      if (!c || f.name === 'customer_type') continue;
      made = await who.update(object, made, { [f.name]: c.value });
      const both = (part) => [...(fields[f.name][part] ?? []), ...(c[part] ?? [])];
      fields[f.name] = { value: c.value, marks: both('marks'), numbers: both('numbers'), ...(c.deep && { deep: both('deep') }) };
    }
    return made;
  }

  async #fill(key, owner) {
    const who = await this.as(owner);
    const ids = {};
    for (const object of [...main, ...linked]) {
      let made = await this.#plant(who, object, key, key, ids);
      if (main.includes(object)) made = await this.#change(who, object, made);
      ids[object] = made.id;
    }
  }

  async #bin(key, scope, owner) {
    const made = await this.#plant(await this.as(owner), 'customer', key, scope);
    this.binned = made.id;
    await this.rebin();
  }

  // Puts the binned customer back, should somebody have restored it.
  rebin() {
    return (this.binning = (this.binning ?? Promise.resolve()).then(() => this.#rebin()));
  }
  async #rebin() {
    const leader = await this.as('leader');
    const found = await leader.get(`/api/v1/records/customer/${this.binned}`);
    if (found.status === 200 && !found.json._deleted_at) ok(await leader.delete(`/api/v1/records/customer/${this.binned}`, found.json._version), 204);
  }

  // Rows that became customers, and rows that were refused: those only the importer may read again.
  async #import(scope, owner) {
    const who = await this.as(owner);
    const names = this.definitions.customer.fields.filter((f) => canary(f, 1)).map((f) => f.name);
    const mapping = names.map((field, column) => ({ column, field }));
    const row = (fields, bad) => names.map((n) => (n === 'grade' && bad ? 'no such grade' : fields[n].value)).flat().join(',');
    const make = async (good, bad, name) => {
      const bytes = Buffer.from(`${[names.join(','), ...good.map((f) => row(f, false)), ...bad.map((f) => row(f, true))].join('\n')}\n`);
      const { id } = ok(await who.post('/api/v1/imports', { object: 'customer', file_name: `${name.value}.csv`, size: bytes.length }), 201);
      ok(await who.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: bytes, headers: octets }), 204);
      ok(await who.post(`/api/v1/imports/${id}/preview`, {}));
      return id;
    };
    const mine = (fields, what) => this.planted.push({ object: 'customer', key: `${what} of ${owner}`, scope, only: owner, fields });
    const name = () => canary({ type: 'text' });
    const [done, open, good, bad, waiting] = [name(), name(), this.#canaries('customer'), this.#canaries('customer'), this.#canaries('customer')];
    const started = await make([good], [bad], done);
    const { job } = ok(await who.post(`/api/v1/imports/${started}/start`, { mapping, owner: 'me' }), 202);
    const end = await until('the import', async () => { const j = ok(await who.get(`/api/v1/jobs/${job}`)); return ['done', 'failed'].includes(j.state) && j; }, 60);
    if (end.result?.imported !== 1 || end.result?.rejected !== 1) throw new Error(`the import ended otherwise: ${JSON.stringify(end)} ${(await who.get(`/api/v1/imports/${started}/rejects`)).text}`);
    const [row1] = (await who.query('customer', { where: { field: 'mobile', op: 'eq', value: good.mobile.value } })).items;
    this.planted.push({ object: 'customer', key: `imported by ${owner}`, scope, id: row1.id, fields: good });
    mine({ ...bad, file: done }, 'rejected row');
    mine({ ...waiting, file: open }, 'uploaded row');
    this.imports.push({ id: started, job, owner }, { id: await make([waiting], [], open), owner, mapping });
  }

  // Filters on everything, one kept and one shared, by a salesperson and by a leader, whose department holds people who see less.
  async #save() {
    const [a] = this.planted;
    for (const owner of ['sales1', 'leader']) {
      const who = await this.as(owner);
      for (const shared of [false, true]) {
        const leaf = (field) => ({ field, op: 'eq', value: a.fields[field].value });
        const where = { and: [leaf('mobile'), { or: [leaf('resident_id'), leaf('person_name')] }, { not: leaf('bank_card') }, { child: 'contact', where: leaf('mail') }] };
        const names = ['name', 'mobile', 'person_name', 'resident_id', 'bank_card', 'remark'];
        const { id } = ok(await who.post('/api/v1/views/customer', { name: '视图', shared, fields: names, sort: ['-name', 'mobile'], where }), 201);
        this.views.push({ id, owner, shared });
      }
    }
  }

  // For a moment A has a number that a record beyond its owner's scope has: the pair stays on the stewards' queue.
  async #share() {
    const mobile = '+8613700000001';
    await (await this.as('salescd')).create('customer', { customer_type: 'company', name: '别处的单位', status: 'prospective', mobile });
    const who = await this.as('sales1');
    const { id, fields } = this.planted.find((p) => p.object === 'customer' && p.key === 'A');
    for (const value of [mobile, fields.mobile.value]) await who.update('customer', await who.read('customer', id), { mobile: value });
    [this.conflict] = ok(await (await this.as('steward')).get('/api/v1/conflicts')).items.map((i) => i.id);
  }

  // ---- what is expected ----

  classOf(object, field) {
    const c = this.definitions[object].fields.find((f) => f.name === field)?.class;
    return c === 'public' ? 'internal' : c;
  }

  role(person) {
    const p = expected.people[person];
    return { ...expected.views[p.as], ...p };
  }

  viewOf(person, plant, field, revealed = false) {
    const role = this.role(person);
    if (plant.only) return plant.only === person ? 'clear' : 'hidden';
    const views = role[plant.object];
    if (!views || !role.scope.includes(plant.scope)) return 'hidden';
    const c = this.classOf(plant.object, field);
    const view = views[field] ?? views[c];
    return revealed && (role.reveal_on ?? [plant.object]).includes(plant.object) && role.reveal.includes(c) && view !== 'hidden' ? 'clear' : view;
  }

  mayMatch(person, object, field) {
    const role = this.role(person);
    return role[object] && role.match.includes(this.classOf(object, field));
  }

  // Plants whose fields the matrix asks about one by one.
  fieldPlants() {
    return this.planted.filter((p) => main.includes(p.object) && p.id && ['A', 'B'].includes(p.key));
  }
  otherPlants() {
    return this.planted.filter((p) => p.id && !this.fieldPlants().includes(p));
  }
}

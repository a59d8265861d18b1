// Where rows of a handover were before is sealed: who writes to the database does not change to whom an undo gives them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { company, mobile } from './people.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
let server, sales, manager, aud;
before(async () => {
  server = await new Server().start();
  [sales, manager, aud] = await Promise.all(['sales2', 'manager', 'auditor'].map((l) => server.as(l)));
});
after(() => server.stop());

function sql(text) {
  const done = spawnSync('sqlite3', ['-cmd', '.timeout 10000', join(server.data, 'db/kedun.db'), text], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trim();
}
const rows = "kind = CAST('handover_rows' AS BLOB)";
const chunk = (job) => `${rows} AND CAST(key AS TEXT) LIKE '${job}/%'`;
const over = (id, key) => until('the handover', async () => {
  const run = ok(await manager.get(`${api}/handovers`)).runs.find((r) => r.id === id);
  return run[key].length && run[key].every((p) => ['done', 'failed', 'cancelled'].includes(p.job.state)) && run;
});
const part = (run, key, object) => run[key].find((p) => p.object === object).job;
async function moved() {
  const customers = await Promise.all([0, 1, 2].map(() => sales.create('customer', company({ mobile: mobile() }))));
  for (const c of customers) await sales.create('contact', { customer: c.id, person_name: '联系人', mobile: mobile() });
  const { id } = ok(await manager.post(`${api}/handovers`, { from: 11, to: [10], objects: ['customer', 'contact'] }), 202);
  return { id, customers, run: await over(id, 'jobs') };
}
const owner = async (object, id) => (await manager.read(object, id)).owner.id;

test('a journal put in the place of another is refused and told, and the rest is given back', async () => {
  const { id, customers, run } = await moved();
  const [changed, kept] = [part(run, 'jobs', 'customer'), part(run, 'jobs', 'contact')];
  const stored = sql(`SELECT hex(body) FROM item WHERE ${chunk(changed.id)}`);
  assert.ok(stored.length > 0 && !stored.toLowerCase().includes(customers[0].id.replaceAll('-', '')));
  assert.ok(!stored.includes(Buffer.from(customers[0].id).toString('hex').toUpperCase()), 'no id stands there in clear');
  sql(`UPDATE item SET body = (SELECT body FROM item WHERE ${chunk(kept.id)}) WHERE ${chunk(changed.id)}`);
  ok(await manager.post(`${api}/handovers/${id}/undo`, {}), 202);
  const back = await over(id, 'undo');
  const customer = part(back, 'undo', 'customer'), contact = part(back, 'undo', 'contact');
  assert.deepEqual([customer.state, customer.result], ['done', { undone: 0, kept: changed.result.moved }]);
  assert.deepEqual([contact.state, contact.result], ['done', { undone: kept.result.moved, kept: 0 }]);
  for (const c of customers) assert.equal(await owner('customer', c.id), 10);
  await until('the log', async () => ok(await aud.get(`${api}/audit?act=admin&limit=200`)).items.some((i) => i.tag === `handback refused journal ${changed.id}`));
});

test('a journal in clear, as older versions wrote it, gives nothing back', async () => {
  const { id, customers, run } = await moved();
  const job = part(run, 'jobs', 'customer');
  const forged = JSON.stringify(customers.map((c) => [c.id, 28, 10, 3, 2])); // to a colleague who never had them
  sql(`UPDATE item SET body = CAST('${forged}' AS BLOB) WHERE ${chunk(job.id)}`);
  ok(await manager.post(`${api}/handovers/${id}/undo`, {}), 202);
  await over(id, 'undo');
  for (const c of customers) assert.equal(await owner('customer', c.id), 10);
});

test('a handover whose plan names no box is not undone by itself', async () => {
  const { id, run } = await moved();
  const job = part(run, 'jobs', 'customer');
  sql(`UPDATE item SET body = CAST(replace(CAST(body AS TEXT), '\\"box\\"', '\\"bax\\"') AS BLOB) WHERE kind = CAST('job' AS BLOB) AND CAST(key AS TEXT) = '${job.id}'`);
  problem(await manager.post(`${api}/handovers/${id}/undo`, {}), 409, 'handover_unsealed');
});

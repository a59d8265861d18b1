// No value and no acknowledgement goes out before what covers it is on disk: watched from outside, system call by system
// call; and the same watch over processes whose fdatasync is kept from the kernel, which must turn red.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { person } from '../api/people.mjs';
import { Server, until } from '../api/server.mjs';
import { roles } from './roles.mjs';
import { engineAnswers, keeperAnswers, OPEN, SEAL, watch } from './trace.mjs';

let server, sales, made;

const trace = (role, work, inject) => watch(roles(server.process.pid).get(role), join(server.dir, 'trace'), work, inject);

// One at a time, so that what is between a question and its answer is its own.
async function work(rounds) {
  for (let n = 0; n < rounds; n++) {
    ok(await sales.get(`/api/v1/records/customer/${made.id}`));
    await sales.query('customer', { limit: 5 });
    await sales.query('customer', { search: made.mobile });
    ok(await sales.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['mobile'], reason: '回访客户' }));
    const one = await sales.create('customer', person());
    await sales.update('customer', one, { remark: `改 ${n}` });
  }
}

async function importRows(rows) {
  const leader = await server.as('leader');
  const bytes = Buffer.from(`type,name,mobile\n${Array.from({ length: rows }, (_, n) => `company,盘上公司${n},1${3700000000 + n}`).join('\n')}\n`);
  const { id } = ok(await leader.post('/api/v1/imports', { object: 'customer', file_name: 'a.csv', size: bytes.length }), 201);
  ok(await leader.request('PUT', `/api/v1/imports/${id}/parts/0`, { body: bytes, headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await leader.post(`/api/v1/imports/${id}/preview`, {}));
  const { job } = ok(await leader.post(`/api/v1/imports/${id}/start`, { mapping: ['customer_type', 'name', 'mobile'].map((field, column) => ({ column, field })) }), 202);
  await until('the import is done', async () => ok(await leader.get(`/api/v1/jobs/${job}`)).state === 'done', 120);
}

before(async () => {
  server = await new Server().start();
  sales = await server.as('sales1');
  made = await sales.create('customer', person());
});
after(() => server.stop());

const late = (all) => all.filter((a) => !a).length;

test('no opened value and no sealed write leaves the keeper before its entry is written and synced', async () => {
  const calls = await trace('keeper', () => work(12));
  for (const [type, least] of [[OPEN, 48], [SEAL, 24]]) {
    const all = keeperAnswers(calls, type);
    assert.ok(all.length >= least, `only ${all.length} answers were seen: the watch is blind`);
    assert.equal(late(all), 0, `of ${all.length} answers`);
  }
});

test('no write is acknowledged before the database has synced it: alone, many at a time, in bulk and from jobs', async () => {
  const calls = await trace('engine', async () => {
    await work(6);
    for (let n = 0; n < 4; n++) await Promise.all(Array.from({ length: 8 }, () => sales.create('customer', person())));
    ok(await sales.post('/api/v1/records/customer/bulk', { act: 'create', items: Array.from({ length: 20 }, () => ({ fields: person() })) }), 207);
    await importRows(1200);
  });
  const all = engineAnswers(calls);
  const [jobs, people] = [all.filter((a) => a.jobs), all.filter((a) => !a.jobs)];
  assert.ok(people.length >= 45, `only ${people.length} acknowledgements were seen: the watch is blind`);
  assert.ok(jobs.length >= 4, `only ${jobs.length} answers to jobs were seen: the watch is blind`);
  assert.equal(late(all.map((a) => a.safe)), 0, `of ${people.length} to people and ${jobs.length} to jobs`);
  console.log(`crash: order: ${people.length} acknowledgements to people and ${jobs.length} to jobs, each after the sync of its commit`);
});

// Every third one suppressed: what a forgotten sync on one path would be.
for (const [name, when] of [['every fdatasync', ''], ['one fdatasync in three', ':when=1+3']]) {
  test(`with ${name} kept from the kernel both watches turn red`, async () => {
    const inject = `fdatasync:retval=0${when}`;
    const keeper = keeperAnswers(await trace('keeper', () => work(4), inject), SEAL);
    const engine = engineAnswers(await trace('engine', () => work(4), inject)).map((a) => a.safe);
    assert.ok(late(keeper) >= (when ? 1 : keeper.length), `${late(keeper)} of ${keeper.length} of the keeper`);
    assert.ok(late(engine) >= (when ? 1 : engine.length), `${late(engine)} of ${engine.length} of the engine`);
    assert.ok(keeper.length >= 8 && engine.length >= 8);
    console.log(`crash: order: ${name} suppressed: ${late(keeper)} of ${keeper.length} answers of the keeper and ${late(engine)} of ${engine.length} of the engine are found too early`);
  });
}

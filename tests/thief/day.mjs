// A day's work of a company over the API: everything that is typed is remembered. Nothing of it may be found afterwards.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { ok } from '../api/client.mjs';
import { until } from '../api/server.mjs';
import { values } from './values.mjs';

export const planted = new Map(); // label → text
const plant = (label, text) => {
  planted.set(`${label}#${planted.size}`, text);
  return text;
};

async function aCustomersLife({ sales, service, leader }, n) {
  const v = values();
  const fields = { customer_type: 'person', person_name: v.person, mobile: v.mobile, mail: v.mail, resident_id: v.resident, bank_card: v.card,
    address: v.address, remark: v.remark, phone: v.phone };
  for (const [k, text] of Object.entries(fields)) if (k !== 'customer_type') plant(`customer.${k}`, text);
  const made = await sales.create('customer', fields, { headers: { 'idempotency-key': plant('idempotency', `call-${randomUUID()}`) } });
  const w = values();
  const contact = await sales.create('contact', { customer: made.id, person_name: plant('contact.name', w.person), mobile: plant('contact.mobile', w.mobile),
    mail: plant('contact.mail', w.mail), remark: plant('contact.remark', w.remark) });
  await sales.create('follow_up', { customer: made.id, kind: 'call', content: plant('follow_up.content', w.address) }).catch(() => undefined);
  const now = values();
  const changed = await sales.update('customer', made, { mobile: plant('updated.mobile', now.mobile), remark: plant('updated.remark', now.remark),
    person_name: plant('updated.name', now.person), resident_id: plant('updated.resident', now.resident) });
  for (const term of [now.mobile, now.person.slice(0, 3), now.mail]) await sales.query('customer', { search: term });
  await sales.post('/api/v1/records/customer/query', { search: plant('searched.mobile', values().mobile) });
  await sales.post('/api/v1/records/customer/query', { search: plant('searched.text', values().address) });
  await sales.post('/api/v1/suggest', { text: plant('suggested', values().mobile) });
  ok(await sales.post(`/api/v1/records/customer/${made.id}/reveal`,
    { fields: ['resident_id', 'bank_card'], reason: plant('reason', `回访${values().remark}`) }));
  if (n < 2) await service.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['mobile'], reason: plant('reason', values().remark) });
  ok(await sales.get(`/api/v1/records/customer/${made.id}/history`));
  await leader.remove('contact', await leader.read('contact', contact.id));
  return changed;
}

async function whatGoesWrong(c, record) {
  const v = () => values();
  const q = encodeURIComponent;
  await c.post('/api/v1/records/customer', { customer_type: 'person', person_name: plant('bad.name', v().person), mobile: plant('bad.mobile', `1${v().mobile}99`) });
  await c.post('/api/v1/records/customer', `{"person_name":"${plant('bad.json', v().person)}","mobile":`);
  await c.post('/api/v1/records/customer', { no_such_field: plant('bad.field', v().address) });
  await c.get(`/api/v1/records/customer?filter=${q(JSON.stringify({ field: 'mobile', op: 'eq', value: plant('url.filter', v().mobile) }))}`);
  await c.get(`/api/v1/records/customer?search=${q(plant('url.search', v().address))}`);
  await c.get(`/api/v1/records/customer/${plant('url.path', v().mobile)}`);
  await c.get(`/${plant('url.nowhere', v().mail)}`);
  await c.get('/api/v1/me', { headers: { referer: `https://x/${plant('head.referer', v().mail)}`, 'x-note': plant('head.note', v().mobile) } });
  await c.get('/api/v1/me', { headers: { 'x-long': plant('head.long', v().mobile) + 'x'.repeat(20000) } }).catch(() => undefined);
  await c.post('/api/v1/records/customer', plant('too.large', v().address) + 'x'.repeat(3 << 20)).catch(() => undefined);
  await c.post('/api/v1/session', { login: plant('login.typed', v().mail.slice(0, 40)), password: plant('password.typed', v().remark) });
  await c.post('/api/v1/session', { login: 'sales2', password: plant('password.wrong', v().remark) });
  await c.patch(`/api/v1/records/customer/${record.id}`, { mail: plant('stale.mail', v().mail) }, 999);
  await c.post(`/api/v1/records/customer/${record.id}/reveal`, { fields: ['nothing'], reason: plant('reason.refused', v().remark) });
  await c.post('/api/v1/records/customer/query', { where: { field: 'mobile', op: 'like', value: plant('where.refused', v().mobile) } });
}

// A file to import, where a part of the system takes one; resolves to false where none does.
async function anImport(c) {
  const rows = Array.from({ length: 30 }, values);
  const csv = Buffer.from(`姓名,手机,客户类型\n${rows.map((r, i) => `${plant('csv.name', r.person)},${plant('csv.mobile', i % 5 === 4 ? `${r.mobile}77` : r.mobile)},person`).join('\n')}\n`);
  const made = await c.post('/api/v1/imports', { object: 'customer', file_name: plant('csv.file', `${values().person}.csv`), size: csv.length });
  if (made.status === 404) return false;
  const at = `/api/v1/imports/${ok(made, 201).id}`;
  ok(await c.request('PUT', `${at}/parts/0`, { body: csv, headers: { 'content-type': 'application/octet-stream' } }), 204);
  ok(await c.post(`${at}/preview`, { encoding: 'auto', delimiter: 'auto', header: true }));
  const mapping = { mapping: ['person_name', 'mobile', 'customer_type'].map((field, column) => ({ column, field })), owner: 'me' };
  ok(await c.post(`${at}/check`, mapping));
  ok(await c.post(`${at}/start`, mapping), 202);
  const end = await until('the import', async () => {
    const { json } = await c.get(at);
    return ['done', 'failed', 'cancelled'].includes(json.state) && json;
  }, 40);
  assert.equal(end.state, 'done');
  ok(await c.get(`${at}/rejects`));
  return true;
}


// A browser speaks HTTP/2: nginx then keeps other buffers.
export async function overHttp2(c, typed) {
  const session = connect(`https://127.0.0.1:${c.port}`, { ca: c.agent.options.ca, servername: 'localhost' });
  const body = JSON.stringify({ search: typed });
  const stream = session.request({ ':method': 'POST', ':path': '/api/v1/records/customer/query', cookie: [...c.cookies].map((pair) => pair.join('=')).join('; '),
    'x-csrf-token': c.csrf, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  stream.end(body);
  const [headers] = await once(stream, 'response');
  for await (const part of stream) void part;
  session.close();
  assert.ok(headers[':status'] < 500);
}

// Each thread's last work is of this: what is left in a process' memory is not what later work has covered.
export async function anEvening({ sales, leader }) {
  const one = async () => {
    const v = values();
    const made = await sales.create('customer', { customer_type: 'person', person_name: plant('last.name', v.person), mobile: plant('last.mobile', v.mobile), mail: plant('last.mail', v.mail),
      resident_id: plant('last.resident', v.resident), address: plant('last.address', v.address), remark: plant('last.remark', v.remark) });
    await sales.query('customer', { where: { field: 'mobile', op: 'eq', value: v.mobile } });
    ok(await sales.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['resident_id'], reason: plant('last.reason', `回访${values().remark}`) }));
    await sales.post('/api/v1/records/customer/query', { search: plant('last.searched', values().address) });
    await leader.get('/api/v1/records/customer?limit=50');
    await overHttp2(sales, v.mobile);
    await overHttp2(sales, plant('last.typed', values().address));
  };
  for (let n = 0; n < 4; n++) await Promise.all(Array.from({ length: 8 }, one));
}

// What somebody else typed before: the values of people that a salesperson may see.
export async function whatIsThere(c) {
  let cursor;
  for (let n = 0; n < 10; n++) {
    const { items, next_cursor } = await c.query('customer', { limit: 50, cursor });
    for (const one of items)
      for (const field of ['person_name', 'mobile', 'phone', 'mail', 'address', 'remark'])
        if (Buffer.byteLength(one[field] ?? '') >= 8) plant(`there.${field}`, one[field]);
    if (!(cursor = next_cursor)) break;
  }
}

const LIVES = 36, AT_ONCE = 4;

// People: sales, service, leader, auditor. Resolves to whether something was imported.
export async function aDay(people) {
  const { sales, leader, auditor } = people;
  const lives = [];
  for (let n = 0; n < LIVES; n += AT_ONCE)
    lives.push(...await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => aCustomersLife(people, n + k))));
  await whatGoesWrong(sales, lives[0]);
  for (const one of lives.slice(0, 4)) await leader.remove('customer', await leader.read('customer', one.id));
  const imported = await anImport(leader);
  await auditor.get('/api/v1/audit?limit=50');
  return imported;
}

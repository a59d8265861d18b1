import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hkdfSync, randomInt, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { Server, build, until } from '../api/server.mjs';
import { spellings } from './spellings.mjs';
import { values } from './values.mjs';

// Everything typed on this day; label → text. Nothing of it may be found afterwards.
const planted = new Map();
const plant = (label, text) => {
  planted.set(`${label}#${planted.size}`, text);
  return text;
};
let server;
const began = Math.floor(Date.now() / 1000) - 1;
const isRoot = process.getuid() === 0;

function scan(patterns, args) {
  const input = [...patterns].flatMap(([label, text]) =>
    [...spellings(text)].map(([how, bytes]) => `${label}/${how} ${bytes.toString('hex')}\n`)).join('');
  const done = spawnSync(join(build, 'tests/thief/scan'), args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, done.stderr);
  const lines = done.stdout.trim().split('\n');
  const [, files, bytes] = lines.pop().split(' ').map(Number);
  return { found: lines, files, bytes };
}

// The data directory with nginx's folders in it, and what was changed since the start wherever programs leave things.
function scanDisk() {
  const log = join(server.dir, 'serve.log');
  writeFileSync(log, server.log);
  return scan(planted, [server.dir, '--newer', String(began), '/var/tmp', '/dev/shm', '/var/log', '/var/lib/nginx', '/var/crash',
    ...readdirSync('/tmp').filter((n) => /core|nginx|sqlite|etilqs|kedun$/.test(n)).map((n) => join('/tmp', n))]);
}

function children() {
  const pids = new Map();
  const walk = (pid) => {
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)) {
      const words = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0');
      const at = words.indexOf('--role');
      const name = at > 0 ? words[at + 1] : words[0].includes('nginx') ? `nginx-${child}` : undefined;
      if (name) pids.set(name, Number(child));
      walk(child);
    }
  };
  walk(server.process.pid);
  return pids;
}

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
  const rows = Array.from({ length: 20 }, values);
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

before(async () => {
  server = await new Server().start();
  const [sales, service, leader, auditor] = await Promise.all(['sales1', 'service1', 'leader', 'auditor'].map((l) => server.as(l)));
  const lives = [];
  for (let n = 0; n < 16; n++) lives.push(await aCustomersLife({ sales, service, leader }, n));
  await whatGoesWrong(sales, lives[0]);
  for (const one of lives.slice(0, 4)) await leader.remove('customer', await leader.read('customer', one.id));
  server.imports = await anImport(leader);
  await auditor.get('/api/v1/audit?limit=50');
});
after(() => server.stop());

test('the scanner finds what lies in clear, in every spelling', () => {
  const text = '欧阳青松13800001111@example.cn';
  for (const [how, bytes] of spellings(text)) {
    const place = join(server.dir, `control-${how}`);
    writeFileSync(place, Buffer.concat([Buffer.alloc((1 << 20) - 5, 0x41), bytes, Buffer.from('tail')]));
    const { found } = scan(new Map([['control', text]]), [place]);
    assert.ok(found.includes(`${place} control/${how}`), `${how} was not found: ${found}`);
    writeFileSync(place, '');
  }
});

test('the day left data behind, and company names, which are internal, are found in it', async () => {
  const sales = await server.as('sales1');
  const name = `明文对照${randomInt(1e9)}有限公司`;
  await sales.create('customer', { customer_type: 'company', name });
  const { found, bytes } = scan(new Map([['name', name]]), [join(server.data, 'db')]);
  assert.ok(found.length > 0, 'a name in clear was not found in the database: the search is blind');
  assert.ok(bytes > 100000);
  assert.ok(planted.size >= 200, `only ${planted.size} values were planted`);
});

test('nothing typed that day lies in clear on the disk while the system runs', () => {
  const { found, files } = scanDisk();
  assert.deepEqual(found, []);
  assert.ok(files > 20, `only ${files} files were searched`);
});

test('no process dumps its memory, and one that crashes leaves no core file', async () => {
  const before = children();
  assert.ok(before.has('keeper') && before.has('engine') && before.has('jobs'), [...before.keys()].join());
  for (const [name, pid] of before) {
    // One byte, not none: the kernel hands nothing to a collector of cores then either.
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    assert.match(limits, /Max core file size\s+[01]\s+[01]\s/, `${name} may write a core file`);
    // Who may not be dumped belongs to root in /proc, whoever it runs as.
    if (isRoot && !name.startsWith('nginx')) assert.equal(statSync(`/proc/${pid}/environ`).uid, 0, `${name} can be dumped`);
  }
  const cwd = readlinkSync(`/proc/${before.get('engine')}/cwd`);
  const cores = () => (existsSync(cwd) ? readdirSync(cwd) : []).filter((n) => /^core(\.|$)/.test(n));
  const had = cores();
  process.kill(before.get('engine'), 'SIGSEGV');
  await until('the engine is back', async () => {
    const pid = children().get('engine');
    return pid !== undefined && pid !== before.get('engine') && (await server.client().get('/readyz')).status === 200;
  });
  assert.deepEqual(cores(), had);
});

test('no key lies in another process or another file', { skip: !isRoot && 'reading memory takes root' }, async () => {
  const key = (path) => Buffer.from(readFileSync(join(server.data, path), 'utf8').trim(), 'hex');
  const root = key('keys/root.key'), epoch = key('state/epoch.key');
  const derived = ['row seal', 'blind index', 'vault', 'budgets', 'box', 'audit signature', 'audit detail', 'look-up', 'password'];
  const keys = new Map([['root', root], ['epoch', epoch],
    ['subject_wrap', Buffer.from(hkdfSync('sha256', root, epoch, 'kedun subject wrap', 32))]]);
  for (const name of derived) keys.set(name.replace(' ', '_'), Buffer.from(hkdfSync('sha256', root, '', `kedun ${name}`, 32)));
  const sales = await server.as('sales1');
  await sales.query('customer', {});
  const pids = children();
  const others = [...pids].filter(([name]) => name !== 'keeper').flatMap(([, pid]) => ['--pid', String(pid)]);
  others.push('--pid', String(server.process.pid));
  const marker = scan(new Map([['person_name', 'person_name']]), ['--pid', String(pids.get('engine'))]);
  assert.ok(marker.found.some((l) => l.includes('person_name')), 'the memory of the engine could not be searched');
  const inKeeper = scan(keys, ['--pid', String(pids.get('keeper'))]).found.join('\n');
  for (const name of keys.keys()) assert.match(inKeeper, new RegExp(`${name}/`), `${name} is not even in the keeper: wrongly derived here`);
  assert.deepEqual(scan(keys, others).found, []);
  const places = new Set(scan(keys, [server.dir]).found.map((l) => l.split(' ')[0].slice(server.data.length + 1)));
  assert.deepEqual([...places].sort(), ['keys/root.key', 'state/epoch.key']);
});

test('what was imported was searched for too', (t) => {
  if (!server.imports) t.skip('this build imports nothing');
});

test('nothing lies in clear after the power went', async () => {
  const gone = server.ended;
  server.process.kill('SIGKILL');
  await gone;
  await until('the roles are gone with it', () => !existsSync(`/proc/${server.process.pid}`));
  assert.deepEqual(scanDisk().found, []);
});

test('nothing lies in clear after a start and a clean stop', async () => {
  for (const c of server.clients.values()) c.close();
  server.clients.clear();
  await server.launch();
  await server.ready();
  const sales = await server.as('sales1');
  assert.ok((await sales.query('customer', {})).items.length > 0, 'nothing came back');
  assert.equal(await server.halt(), 0);
  assert.deepEqual(scanDisk().found, []);
});

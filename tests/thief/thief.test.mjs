import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, hkdfSync, randomInt } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, build, until } from '../api/server.mjs';
import { makeShare } from '../bench/data.mjs';
import { aDay, anEvening, overHttp2, planted, whatIsThere } from './day.mjs';
import { prepare, spellings } from './spellings.mjs';

// Everything typed on this day; label → text. Nothing of it may be found afterwards.
let server;
const began = Math.floor(Date.now() / 1000) - 1;
const isRoot = process.getuid() === 0;

function scan(patterns, args) {
  prepare(patterns.values());
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

// KEDUN_THIEF=demo: the demo company itself instead of the API suite's, whose values are searched for too (two minutes more).
class Demo extends Server {
  bootstrap() {
    this.set.push(...makeShare(join(this.dir, 'share'))); // budgets for so much in so short a time
    const done = spawnSync(join(build, 'kedun'), ['demo', '--data', this.data, '--customers', '2000', ...this.set], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
  }
  async as(login) {
    const name = login.replace(/\d+$/, '');
    if (!this.clients.has(name)) {
      this.clients.set(name, this.client());
      await this.clients.get(name).signIn(name, 'demo-password');
    }
    return this.clients.get(name);
  }
}

before(async () => {
  const demo = process.env.KEDUN_THIEF === 'demo';
  server = await (demo ? new Demo() : new Server()).start();
  const [sales, service, leader, auditor] = await Promise.all(['sales1', 'service1', 'leader', 'auditor'].map((l) => server.as(l)));
  if (demo) await whatIsThere(sales);
  server.imports = await aDay({ sales, service, leader, auditor });
  for (const c of [sales, leader]) c.agent.maxSockets = 8;
  await anEvening({ sales, leader });
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
  assert.ok(planted.size >= 1000, `only ${planted.size} values were planted`);
  for (const [label, text] of planted) assert.ok(Buffer.byteLength(text) >= 8, label);
});

test('once requests are answered, the memory of no process holds what was typed', { skip: !isRoot && 'reading memory takes root' }, async () => {
  const sales = await server.as('sales1');
  const marker = scan(new Map([['person_name', 'person_name']]), ['--pid', String(children().get('engine'))]);
  assert.ok(marker.found.length > 0, 'the memory of the engine could not be searched');
  const pids = [...children().values(), server.process.pid].flatMap((pid) => ['--pid', String(pid)]);
  // An answer arrives a moment before its thread wipes; and nginx keeps what HTTP/2 clients sent last until others send as much.
  await until('what was typed is gone from memory', async () => {
    await overHttp2(sales, ' '.repeat(1 << 19));
    const { found } = scan(planted, pids);
    if (found.length > 0) throw new Error(found.slice(0, 20).join(', '));
    return true;
  }, 60);
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
  const places = new Set(['/tmp', '/var/crash', server.dir, server.data, ...[...before.values()].map((pid) => readlinkSync(`/proc/${pid}/cwd`))]);
  const cores = () => [...places].flatMap((p) => (existsSync(p) ? readdirSync(p).filter((n) => /^core(\.|$)/.test(n)).map((n) => join(p, n)) : []));
  const had = cores();
  for (const name of ['engine', 'jobs', 'keeper', [...before.keys()].findLast((n) => n.startsWith('nginx'))]) {
    const pid = children().get(name);
    process.kill(pid, 'SIGABRT');
    await until(`${name} is gone`, () => children().get(name) !== pid);
    await until(`there is another ${name}`, async () =>
      (name.startsWith('nginx') || children().has(name)) && (await server.client().get('/readyz')).status === 200);
  }
  assert.deepEqual(cores(), had);
});

// One a field and kind of search (keeper/keyring.c).
function* indexKeys(index) {
  for (const { id, fields } of ['customer', 'contact'].map((o) => JSON.parse(readFileSync(join(server.objects, `${o}.json`), 'utf8'))))
    for (const f of fields) for (const kind of [1, 2, 4, 8])
      yield [`index_${id}_${f.id}_${kind}`, Buffer.from(hkdfSync('sha256', index, '', Buffer.concat([Buffer.from('index'), Buffer.from([id, 0, f.id & 255, f.id >> 8, kind])]), 32))];
}

const ecb = (key, block) => {
  const c = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([c.update(block), c.final()]);
};

// A class' key of a subject: SP 800-108 with CMAC in one block each (crypto/kdf.c).
function classKey(key, kind) {
  const l = BigInt(`0x${ecb(key, Buffer.alloc(16)).toString('hex')}`);
  const k1 = ((l << 1n) & ((1n << 128n) - 1n)) ^ (l >> 127n ? 0x87n : 0n);
  const half = (i) => {
    const block = Buffer.concat([Buffer.from([0, 0, 0, i]), Buffer.from('kedunS'), Buffer.from([0, kind, 0, 0, 1, 0])]);
    return ecb(key, Buffer.from((BigInt(`0x${block.toString('hex')}`) ^ k1).toString(16).padStart(32, '0'), 'hex'));
  };
  return Buffer.concat([half(1), half(2)]);
}

// The keys of people and what is derived from each, unwrapped here as the keeper does: suite, nonce, key, tag.
function* subjectKeys(wrap) {
  const { id, fields } = JSON.parse(readFileSync(join(server.objects, 'customer.json'), 'utf8'));
  const cell = `o.f_${fields.find((f) => f.name === 'mobile').id}`;
  const question = `SELECT hex(k.subject), hex(k.wrapped), hex(${cell}) FROM subject_key k JOIN o_${id} o ON o.subject = k.subject WHERE ${cell} NOT NULL LIMIT 60`;
  const done = spawnSync('sqlite3', ['-readonly', join(server.data, 'db/kedun.db'), question], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  for (const [n, line] of done.stdout.trim().split('\n').entries()) {
    const [subject, wrapped, mobile] = line.split('|').map((hex, i) => (i < 2 ? Buffer.from(hex, 'hex') : hex));
    const c = createDecipheriv('aes-256-gcm', wrap, wrapped.subarray(1, 13)).setAAD(subject).setAuthTag(wrapped.subarray(45));
    const key = Buffer.concat([c.update(wrapped.subarray(13, 45)), c.final()]);
    if (mobile) { // the key is the right one: without a look at the tag the number stands there
      const sealed = Buffer.from(mobile, 'hex');
      const open = createDecipheriv('aes-256-gcm', classKey(key, 2), sealed.subarray(1, 13));
      assert.match(open.update(sealed.subarray(13, -16)).toString('latin1'), /1\d{10}/);
    }
    yield [`subject_${n}`, key];
    for (const kind of [2, 3]) yield [`subject_${n}_class_${kind}`, classKey(key, kind)];
  }
}

test('no key lies in another process or another file', { skip: !isRoot && 'reading memory takes root' }, async () => {
  const key = (path) => Buffer.from(readFileSync(join(server.data, path), 'utf8').trim(), 'hex');
  const root = key('keys/root.key'), epoch = key('state/epoch.key');
  const wrap = Buffer.from(hkdfSync('sha256', root, epoch, 'kedun subject wrap', 32));
  const derived = ['row seal', 'blind index', 'vault', 'budgets', 'box', 'audit signature', 'audit detail', 'look-up', 'password'];
  const keys = new Map([['root', root], ['epoch', epoch],
    ['subject_wrap', wrap]]);
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
  for (const [name, bytes] of [...indexKeys(keys.get('blind_index')), ...subjectKeys(wrap)]) keys.set(name, bytes);
  assert.ok(keys.size > 200, `only ${keys.size} keys`);
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

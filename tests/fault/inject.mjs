// One system call of one process fails once, as strace -e inject makes it fail, while requests run; then the process must
// answer again by itself, and what was answered must be so.
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { person } from '../api/people.mjs';
import { root, until } from '../api/server.mjs';
import { audit, entries, roles } from '../crash/roles.mjs';

// The test company with fewer people, so that fewer passwords are hashed: its path.
export function fewPeople(dir) {
  const lines = readFileSync(join(root, 'tests/api/company.txt'), 'utf8').split('\n');
  const path = join(dir, 'few.txt');
  writeFileSync(path, lines.filter((line) => !/^user (?!1 |2 |3 |10 |11 )/.test(line)).join('\n'));
  return path;
}

// What a test mounts would be everybody's, and stay when the test is killed: only in a mount namespace of its own.
export function ownMounts() {
  const own = readlinkSync('/proc/self/ns/mnt');
  const parent = (pid) => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  for (let pid = process.ppid; pid > 1; pid = parent(pid)) if (readlinkSync(`/proc/${pid}/ns/mnt`) !== own) return;
  assert.fail('run it as tests/fault/inject_fault.sh does: unshare -m --propagation private node --test FILE');
}

export const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

// Attaches strace to a process (with all its threads) or to one thread; returns the function that detaches it.
export async function attach(server, { pid, threads }, args) {
  const file = join(server.dir, `strace-${pid}`);
  const strace = spawn('strace', [...(threads ? ['-f'] : []), '-y', '-s', '32', '-o', file, '-p', String(pid), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '', over = false;
  strace.stderr.on('data', (t) => (said += t));
  const ended = new Promise((done) => strace.on('exit', () => done((over = true))));
  await until('strace is attached', () => over || /attached/.test(said));
  assert.match(said, /attached/);
  // Of a process whose threads die at once strace may wait for ever for the first one, which the kernel keeps for it: only
  // without strace is the process gone for its parent, too. So strace has five seconds from the death, and from being told.
  let stuck;
  const giveUp = () => (stuck ??= setTimeout(() => strace.kill('SIGKILL'), 5000));
  const look = setInterval(() => (!existsSync(file) || /killed by SIGKILL/.test(readFileSync(file, 'latin1'))) && giveUp(), 500);
  ended.then(() => (clearInterval(look), clearTimeout(stuck)));
  const detach = async () => {
    strace.kill('SIGINT');
    giveUp();
    await ended;
    return readFileSync(file, 'latin1');
  };
  detach.struck = () => /INJECTED|killed by SIGKILL/.test(readFileSync(file, 'latin1'));
  return detach;
}

// thread → call → how often, of a trace without injection.
export function countCalls(text) {
  const threads = new Map();
  for (const line of text.split('\n')) {
    const m = /^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)/.exec(line) ?? /^()(\w+)\(/.exec(line);
    if (!m || /resumed>/.test(line)) continue;
    const calls = threads.get(m[1]) ?? threads.set(m[1], new Map()).get(m[1]);
    calls.set(m[2], (calls.get(m[2]) ?? 0) + 1);
  }
  return threads;
}

const files = ['EIO', 'ENOSPC', 'EINTR'].map((e) => `error=${e}`);
// Which faults a call can honestly have. A call that is kept from the kernel and answered 0 is a write of no byte, or an end
// of file. EINTR of fdatasync and the like is what network file systems do.
export const faults = {
  pwrite64: [...files, 'retval=0'], write: [...files, 'retval=0'], fdatasync: files, fsync: files, ftruncate: files, fallocate: files,
  openat: ['error=EIO', 'error=EMFILE', 'error=ENOSPC'], rename: files, unlink: ['error=EIO'], pread64: ['error=EIO', 'error=EINTR', 'retval=0'],
  read: ['error=EIO', 'error=EINTR'], fcntl: ['error=EIO', 'error=EINTR'], mmap: ['error=ENOMEM'], munmap: [], fstat: ['error=EIO'], newfstatat: ['error=EIO'],
  recvfrom: ['error=EIO', 'error=EINTR', 'retval=0'], sendmsg: ['error=EIO', 'error=EINTR', 'error=EPIPE'],
  accept4: ['error=EMFILE', 'error=EINTR'], futex: ['error=EINTR'],
};
export const kill = 'signal=KILL';

// What was asked, and what came of it; checked at the end against database and log.
export class Script {
  constructor(server, client) {
    Object.assign(this, { server, client });
    this.known = new Map(); // id → {mobile, remarks that it may have}
    this.denied = []; // mobiles whose refusal said that nothing was saved
    this.codes = []; // of refusals
    this.statuses = new Map(); // "status code" of refusals → how often
    this.counts = { acknowledged: 0, refused: 0, broken: 0 };
    this.wrong = [];
  }

  // An answer that is no success must be a problem document that says it could not, or a broken connection.
  async #ask(what, expected, request, denied) {
    let a;
    try {
      a = await request();
    } catch (e) {
      if (e.code === 'ERR_ASSERTION') throw e;
      this.counts.broken++;
      return undefined;
    }
    if (a.status === expected) {
      this.counts.acknowledged++;
      return a.json;
    }
    this.counts.refused++;
    this.codes.push(a.json?.code);
    const said = `${a.status} ${a.json?.code}`;
    this.statuses.set(said, (this.statuses.get(said) ?? 0) + 1);
    if (denied && ['store_io', 'disk_full'].includes(a.json?.code)) this.denied.push(denied);
    if (![500, 502, 503, 504, 507, 429].includes(a.status) || a.json?.status !== a.status) this.wrong.push(`${what}: ${a.status} ${a.text.slice(0, 200)}`);
    return undefined;
  }

  async once() {
    const given = person({ remark: '第一版' });
    const made = await this.#ask('a creation', 201, () => this.client.post('/api/v1/records/customer', given), given.mobile);
    if (!made) return;
    if (made.mobile.slice(-11) !== given.mobile) this.wrong.push(`created with another mobile: ${made.mobile}`);
    const r = { mobile: made.mobile, remarks: ['第一版'] };
    this.known.set(made.id, r);
    const changed = await this.#ask('a change', 200, () => this.client.patch(`/api/v1/records/customer/${made.id}`, { remark: '第二版' }, made._version));
    r.remarks = changed ? ['第二版'] : ['第一版', '第二版'];
    const seen = await this.#ask('a look', 200, () => this.client.get(`/api/v1/records/customer/${made.id}`));
    if (seen && (seen.mobile !== r.mobile || !r.remarks.includes(seen.remark))) this.wrong.push(`${made.id} answered ${seen.mobile} ${seen.remark}`);
    const found = await this.#ask('a search', 200, () => this.client.post('/api/v1/records/customer/query', { where: { field: 'mobile', op: 'eq', value: r.mobile } }));
    if (found && (found.items.length !== 1 || found.items[0].id !== made.id)) this.wrong.push(`${made.id}: found ${found.items.length} by its mobile`);
  }

  // Much at once: it may be refused whole or item by item, and says of each what became of it.
  async heavy() {
    const items = Array.from({ length: 300 }, () => ({ fields: person({ remark: '长'.repeat(900) }) }));
    const got = await this.#ask('a bulk creation', 207, () => this.client.post('/api/v1/records/customer/bulk', { act: 'create', items }));
    for (const [n, item] of (got?.items ?? []).entries())
      if (item.status === 201) this.known.set(item.id, { mobile: `+86${items[n].fields.mobile}`, remarks: [items[n].fields.remark] });
      else {
        const said = `${item.status} ${item.error?.code}`;
        this.counts.refused++;
        this.codes.push(item.error?.code);
        this.statuses.set(said, (this.statuses.get(said) ?? 0) + 1);
        if (![500, 503, 507].includes(item.status)) this.wrong.push(`item ${n}: ${JSON.stringify(item).slice(0, 200)}`);
      }
  }

  // It works again, by itself.
  async recovers(what) {
    const fresh = this.server.client();
    Object.assign(fresh, { cookies: this.client.cookies, csrf: this.client.csrf });
    this.client.close();
    this.client = fresh;
    await until(`after ${what} it writes again`, async () => (await this.client.post('/api/v1/records/customer', person())).status === 201, 60);
  }

  async checkRows() {
    for (const [id, r] of this.known) {
      const a = await this.client.get(`/api/v1/records/customer/${id}`);
      if (a.status !== 200 || a.json.mobile !== r.mobile || !r.remarks.includes(a.json.remark)) this.wrong.push(`${id}: ${a.status} ${a.text.slice(0, 200)}`);
    }
    for (const mobile of this.denied) {
      const { items } = await this.client.query('customer', { where: { field: 'mobile', op: 'eq', value: mobile } });
      if (items.length > 0) this.wrong.push(`${items[0].id} is there, though "nothing was saved"`);
    }
  }

  // With the server stopped in good order: database sound, log sound, each intent with the outcome that the rows show.
  checkFiles() {
    const sql = (q) => execFileSync('sqlite3', [join(this.server.data, 'db/kedun.db'), q], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
    if (sql('PRAGMA integrity_check') !== 'ok') this.wrong.push(`the database: ${sql('PRAGMA integrity_check').slice(0, 300)}`);
    const checked = audit(this.server.data, 'verify');
    if (checked.code !== 0) this.wrong.push(`the log: ${checked.error}${checked.text}`);
    const there = new Set(sql('SELECT lower(hex(id)) FROM o_1').split('\n'));
    const outcomes = new Map(), log = entries(this.server.data);
    for (const e of log) if (e.intent !== 0) (outcomes.get(e.intent) ?? outcomes.set(e.intent, new Set()).get(e.intent)).add(e.outcome);
    for (const e of log.filter((one) => one.outcome === 'pending' && one.act === 'create' && one.object === 1)) {
      const got = [...(outcomes.get(e.seq) ?? [])].join(), is = there.has(e.records[0].replaceAll('-', ''));
      if (got !== (is ? 'done' : 'failed')) this.wrong.push(`intent ${e.seq}: outcome ${got || 'none'}, the row is ${is ? '' : 'not '}there`);
    }
  }
}

// The thread of the engine that commits: whoever writes the database's log.
async function writerThread(server, script) {
  const detach = await attach(server, { pid: roles(server.process.pid).get('engine'), threads: true }, ['-e', 'trace=pwrite64']);
  await until('a write', async () => (await script.client.post('/api/v1/records/customer', person())).status === 201);
  const text = await detach();
  return Number(/^(\d+) +pwrite64\(\d+<[^>]*kedun\.db-wal>/m.exec(text)?.[1]);
}

export async function target(server, script, role) {
  if (role === 'keeper') return { pid: roles(server.process.pid).get('keeper'), threads: true };
  const pid = await until('the writer is known', () => writerThread(server, script));
  return { pid, threads: false };
}

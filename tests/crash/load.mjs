// Writers that never stop, and what was acknowledged to them: the load under which processes are killed.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { until, password } from '../api/server.mjs';
import { roles } from './roles.mjs';

export const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

const strange = (what, answer) => {
  throw new Error(`${what} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
};
// 503 and the like: the system said that it could not; a broken connection says nothing at all.
const busy = (a) => [401, 429, 500, 502, 503, 504].includes(a.status);

export class Load {
  constructor(server, { writers = 6, logins = ['sales1', 'sales2'] } = {}) {
    this.server = server;
    this.logins = logins;
    this.next = 0;
    this.working = true;
    // What was acknowledged: id → {login, mobile, remark, tried: remarks asked for and not answered, changes, looks}.
    this.known = new Map();
    this.attempted = new Map(); // mobile → login, of creations that nobody answered
    this.counts = { acknowledged: 0, unanswered: 0, refused: 0, answered: 0, signIns: 0 };
    this.writing = 0; // writes that are sent and not answered
    this.cut = 0; // of these, those that ended without an answer, or with one that the system could not
    this.writers = Array.from({ length: writers }, (_, n) => ({ login: logins[n % logins.length], own: [] }));
  }

  start() {
    this.failure = Promise.all(this.writers.map((w) => this.#work(w)));
    this.failure.catch(() => (this.working = false));
    return this;
  }

  async stop() {
    this.working = false;
    await this.failure;
    for (const w of this.writers) w.client?.close();
  }

  async #create(w) {
    const number = `+86137${String(10000000 + this.next++)}`;
    const remark = `第一版 ${number}`;
    this.attempted.set(number, w.login);
    const a = await w.client.post('/api/v1/records/customer', { customer_type: 'person', person_name: '欧阳建国', mobile: number, remark });
    if (busy(a)) return a.status;
    if (a.status !== 201) strange('a creation', a);
    this.attempted.delete(number);
    this.known.set(a.json.id, { login: w.login, mobile: number, remark, tried: [], changes: 1, looks: 1, version: a.json._version });
    w.own.push(a.json.id);
    this.counts.acknowledged++;
    return a.status;
  }

  async #update(w) {
    const id = w.own[randomInt(w.own.length)];
    const r = this.known.get(id);
    const remark = `改 ${this.next++}`;
    r.tried.push(remark);
    const a = await w.client.patch(`/api/v1/records/customer/${id}`, { remark }, r.version);
    if (a.status === 409) {
      // An earlier change of ours, unanswered, had been made.
      assert.ok(r.tried.includes(a.json.current.remark), `${id} holds what nobody wrote`);
      r.remark = a.json.current.remark;
      r.version = a.json.current._version;
      return a.status;
    }
    if (busy(a)) return a.status;
    if (a.status !== 200) strange('a change', a);
    Object.assign(r, { remark, version: a.json._version, tried: [] });
    r.changes++;
    r.looks++;
    this.counts.acknowledged++;
    return a.status;
  }

  async #look(w) {
    const id = w.own[randomInt(w.own.length)];
    const a = await w.client.get(`/api/v1/records/customer/${id}`);
    if (busy(a)) return a.status;
    if (a.status !== 200) strange('a look', a);
    assert.equal(a.json.mobile, this.known.get(id).mobile);
    this.known.get(id).looks++;
    this.counts.answered++;
    return a.status;
  }

  async #write(w, act) {
    this.writing++;
    try {
      const status = await act.call(this, w);
      if (status >= 500) this.cut++;
      return status;
    } catch (e) {
      if (e.code !== 'ERR_ASSERTION' && !/was answered/.test(e.message)) this.cut++;
      throw e;
    } finally {
      this.writing--;
    }
  }

  async #one(w) {
    if (!w.session) await this.#signIn(w);
    w.client ??= this.#client(w);
    const looks = w.own.length > 0 && randomInt(5) === 0;
    const act = w.own.length === 0 || randomInt(2) === 0 ? this.#create : this.#update;
    const status = looks ? await this.#look(w) : await this.#write(w, act);
    if (status === 401) w.session = undefined;
    if (status >= 429) this.counts.refused++;
    if (status >= 429) await sleep(10);
  }

  // Connections die with the processes, sessions don't.
  #client(w) {
    const client = this.server.client();
    client.cookies = new Map(w.session.cookies);
    client.csrf = w.session.csrf;
    return client;
  }

  async #signIn(w) {
    w.client?.close();
    w.client = undefined;
    const client = this.server.client();
    try {
      await client.signIn(w.login, password);
    } finally {
      client.close();
    }
    w.session = { cookies: client.cookies, csrf: client.csrf };
    this.counts.signIns++;
  }

  async #work(w) {
    while (this.working) {
      try {
        await this.#one(w);
      } catch (e) {
        if (e.code === 'ERR_ASSERTION' && !/sign-in/.test(e.message)) throw e;
        if (/was answered/.test(e.message)) throw e;
        this.counts.unanswered++;
        w.client?.close();
        w.client = undefined;
        await sleep(10);
      }
    }
  }

  // Waits for `more` acknowledgements and for a write in flight, then for a moment within it.
  async busy(more) {
    const had = this.counts.acknowledged;
    await until('writes are under way', () => !this.working || this.counts.acknowledged >= had + more, 120);
    await until('a write is in flight', () => !this.working || this.writing > 0, 120);
    await sleep(randomInt(12));
  }
}

const kill = (pid) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {} // went with another
};

function nginx(server) {
  const children = readFileSync(`/proc/${server.process.pid}/task/${server.process.pid}/children`, 'utf8').trim().split(' ');
  return children.map(Number).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('nginx: master'));
}

// What a round kills: one role, nginx's master (its workers go with it), the supervisor (the roles go with it), or all at once.
export async function strike(server, kind) {
  if (kind === 'nginx') return kill(nginx(server));
  if (kind !== 'all' && kind !== 'supervisor') return kill(roles(server.process.pid).get(kind));
  const pids = [...roles(server.process.pid).values()];
  server.process.kill('SIGKILL');
  if (kind === 'all') pids.forEach(kill);
  await server.ended;
  await server.launch();
}

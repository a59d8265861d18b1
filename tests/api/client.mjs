// A client as a browser is one: cookies, the CSRF token, keep-alive, TLS checked against the server's own authority.
import assert from 'node:assert/strict';
import https from 'node:https';

export class Client {
  // `from`: the address that it comes from, one of the machine's own.
  constructor({ port, ca, from }) {
    this.port = port;
    this.from = from;
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 4, ca, rejectUnauthorized: ca !== undefined });
    this.cookies = new Map();
    this.language = 'en';
  }

  close() {
    this.agent.destroy();
  }

  // {status, headers, text, json}; `body`: an object becomes JSON, text and bytes go as they are.
  request(method, path, { body, headers = {}, csrf = this.csrf } = {}) {
    const h = { 'accept-language': this.language, ...headers };
    if (this.cookies.size > 0 && h.cookie === undefined)
      h.cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    if (csrf !== undefined && method !== 'GET') h['x-csrf-token'] = csrf;
    let bytes;
    if (body !== undefined) {
      bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
      h['content-type'] ??= 'application/json';
    }
    if (method !== 'GET') h['content-length'] = bytes?.length ?? 0;
    return new Promise((done, failed) => {
      const q = https.request({ host: '127.0.0.1', servername: 'localhost', port: this.port, localAddress: this.from, method, path, headers: h, agent: this.agent },
        (answer) => {
          const parts = [];
          answer.on('data', (p) => parts.push(p));
          answer.on('error', failed);
          answer.on('end', () => done(this.#take(answer, Buffer.concat(parts).toString('utf8'))));
        });
      q.on('error', failed);
      if (bytes) q.write(bytes);
      q.end();
    });
  }

  #take(answer, text) {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: answer.statusCode, headers: answer.headers, text, json };
  }

  get(path, o) {
    return this.request('GET', path, o);
  }
  post(path, body, o = {}) {
    return this.request('POST', path, { ...o, body });
  }
  patch(path, body, version, o = {}) {
    const headers = version === undefined ? o.headers : { ...o.headers, 'if-match': `"${version}"` };
    return this.request('PATCH', path, { ...o, headers, body });
  }
  delete(path, version, o = {}) {
    const headers = version === undefined ? o.headers : { ...o.headers, 'if-match': `"${version}"` };
    return this.request('DELETE', path, { ...o, headers });
  }

  async signIn(login, password) {
    const answer = await this.post('/api/v1/session', { login, password });
    assert.equal(answer.status, 200, `sign-in of ${login}: ${answer.status} ${answer.text}`);
    this.csrf = answer.json.csrf;
    this.me = answer.json.me;
    return answer;
  }

  // ---- records, expecting success ----
  async create(object, fields, o) {
    return ok(await this.post(`/api/v1/records/${object}`, fields, o), 201);
  }
  async read(object, id) {
    return ok(await this.get(`/api/v1/records/${object}/${id}`));
  }
  async query(object, q = {}) {
    return ok(await this.post(`/api/v1/records/${object}/query`, q));
  }
  async update(object, record, fields) {
    return ok(await this.patch(`/api/v1/records/${object}/${record.id}`, fields, record._version));
  }
  async remove(object, record) {
    return ok(await this.delete(`/api/v1/records/${object}/${record.id}`, record._version), 204);
  }
}

// The answer's JSON; the wrong status fails with the answer in the message.
export function ok(answer, status = 200) {
  assert.equal(answer.status, status, `expected ${status}, got ${answer.status}: ${answer.text.slice(0, 600)}`);
  return answer.json;
}

// An RFC 9457 document with this status and code (and field, when given).
export function problem(answer, status, code, field) {
  const what = `${answer.status}: ${answer.text.slice(0, 600)}`;
  assert.equal(answer.status, status, what);
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/, what);
  const p = answer.json;
  assert.ok(p, what);
  assert.equal(p.code, code, what);
  assert.equal(p.status, status, what);
  assert.equal(typeof p.title, 'string', what);
  assert.match(p.request_id, /^[0-9a-f-]{32,36}$/, what);
  if (field !== undefined)
    assert.ok((p.errors ?? []).some((e) => e.field === field), `no error at ${field}: ${what}`);
  return p;
}

// A change of a person that takes two: the system administrator proposes it, the security administrator agrees.
export async function byTwo(server, sys, id, document) {
  const change = { items: [{ kind: 'user', id, document }] }, sec = await server.as('secadmin');
  const asked = ok(await sys.post('/api/v1/proposals', { kind: 'registry', reason: '任职调整', change }), 201);
  ok(await sec.post(`/api/v1/proposals/${asked.id}/decide`, { approve: true, note: '已核实' }));
}

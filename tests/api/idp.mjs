// An identity provider as OpenID Connect Core, Discovery and RFC 7636 have it, over loopback and TLS: discovery, keys,
// authorization and token endpoints. `person` says who sits at the browser; `bend` spoils the next ID token.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, createHash, createSign, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const b64 = (v) => Buffer.from(typeof v === 'string' || Buffer.isBuffer(v) ? v : JSON.stringify(v)).toString('base64url');

const kinds = {
  RS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), sign: (k, d) => createSign('sha256').update(d).sign(k) },
  PS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), sign: (k, d) => sign('sha256', d, { key: k, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }) },
  ES256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), sign: (k, d) => sign('sha256', d, { key: k, dsaEncoding: 'ieee-p1363' }) },
  EdDSA: { make: () => generateKeyPairSync('ed25519'), sign: (k, d) => sign(null, d, k) },
};

export class Idp {
  constructor() {
    this.client = { id: 'kedun', secret: 'a secret: with/odd chars%' };
    this.person = { sub: 'nobody' };
    this.bend = (claims) => claims;
    this.codes = new Map();
    this.asked = { metadata: 0, keys: 0, token: 0 };
    this.metadata = {};
    this.rotate('RS256');
  }

  // A fresh key of another name; the old ones are published no more.
  rotate(alg) {
    const { publicKey, privateKey } = kinds[alg].make();
    this.alg = alg;
    this.kid = randomBytes(4).toString('hex');
    this.key = privateKey;
    this.jwk = { ...publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg };
  }

  async start() {
    this.dir = mkdtempSync(join(tmpdir(), 'kedun-idp-'));
    const at = (name) => join(this.dir, name);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=idp',
      '-addext', 'subjectAltName=DNS:localhost', '-keyout', at('key.pem'), '-out', at('cert.pem')], { stdio: 'ignore' });
    this.ca = readFileSync(at('cert.pem'), 'utf8');
    this.server = https.createServer({ key: readFileSync(at('key.pem')), cert: this.ca }, (q, a) => this.#answer(q, a));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.issuer = `https://localhost:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  // What a company enters for it.
  document(more = {}) {
    return { name: { zh: '集团统一登录', en: 'Group sign-in' }, enabled: true, issuer: this.issuer, client_id: this.client.id,
      ca: this.ca, networks: ['127.0.0.0/8'], ...more };
  }

  token(nonce, key = this) {
    const now = Math.floor(Date.now() / 1000);
    const claims = this.bend({ iss: this.issuer, aud: this.client.id, iat: now, exp: now + 300, auth_time: now, nonce, ...this.person });
    const head = b64({ alg: this.alg, kid: this.kid, typ: 'JWT' });
    const data = `${head}.${b64(claims)}`;
    return `${data}.${b64(kinds[key.alg].sign(key.key, Buffer.from(data)))}`;
  }

  // The person lets it happen: where the browser is sent back to.
  authorize(url) {
    const q = new URL(url).searchParams;
    assert.equal(q.get('response_type'), 'code');
    assert.equal(q.get('client_id'), this.client.id);
    assert.equal(q.get('code_challenge_method'), 'S256');
    assert.match(q.get('code_challenge'), /^[\w-]{43}$/);
    assert.ok(q.get('scope').split(' ').includes('openid'));
    assert.ok(q.get('state').length >= 40 && q.get('nonce').length >= 40);
    const code = randomBytes(16).toString('base64url');
    this.codes.set(code, { challenge: q.get('code_challenge'), nonce: q.get('nonce'), redirect: q.get('redirect_uri') });
    this.last = q;
    const redirect = q.get('redirect_uri'), own = /\/sso\/(\d+)$/.exec(redirect);
    return { code, state: q.get('state'), iss: this.issuer, redirect, ...(own ? { provider: Number(own[1]) } : {}) };
  }

  #metadata() {
    return { issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [this.alg], code_challenge_methods_supported: ['S256'], ...this.metadata };
  }

  #exchange(q, form) {
    const given = form.get('client_id') !== null ? [form.get('client_id'), form.get('client_secret')]
      : Buffer.from((q.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString().split(':').map(decodeURIComponent);
    if (given[0] !== this.client.id || given[1] !== this.client.secret) return [401, { error: 'invalid_client' }];
    const known = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    const proof = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (!known || form.get('grant_type') !== 'authorization_code' || known.redirect !== form.get('redirect_uri') || proof !== known.challenge)
      return [400, { error: 'invalid_grant' }];
    const id_token = this.forge ? this.forge(known.nonce) : this.token(known.nonce);
    return [200, { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token }];
  }

  #answer(q, a) {
    const url = new URL(q.url, this.issuer);
    const say = (status, json) => a.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (url.pathname === '/.well-known/openid-configuration') return this.asked.metadata++, say(200, this.#metadata());
    if (url.pathname === '/keys') return this.asked.keys++, say(200, { keys: [this.jwk] });
    if (url.pathname === '/authorize') {
      const { code, state, iss, redirect } = this.authorize(url);
      return a.writeHead(302, { location: `${redirect}?${new URLSearchParams({ code, state, iss })}` }).end();
    }
    if (url.pathname !== '/token' || q.method !== 'POST') return say(404, {});
    const parts = [];
    q.on('data', (p) => parts.push(p));
    q.on('end', () => {
      this.asked.token++;
      say(...this.#exchange(q, new URLSearchParams(Buffer.concat(parts).toString())));
    });
  }
}

// A directory server: OpenLDAP's slapd in a directory of its own on loopback, filled before it starts. Its certificate is
// of an authority below another one; both are made here, and the server sends neither, so that a client needs the two.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './server.mjs';

export const base = 'dc=example,dc=com';
export const secret = 'a directory’s password';
const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });

// An attribute whose value is no plain ASCII goes in base64 (RFC 2849).
const line = (name, value) => (Buffer.isBuffer(value) || !/^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value) ? `${name}:: ${Buffer.from(value).toString('base64')}` : `${name}: ${value}`);
export const entry = (dn, attributes) => [line('dn', dn), ...Object.entries(attributes).flatMap(([name, v]) => [v].flat().map((one) => line(name, one)))].join('\n');
export const person = (dn, uid, cn, more = {}) => entry(dn, { objectClass: 'inetOrgPerson', ...(uid.length ? { uid } : {}), cn, sn: 'x', ...more });
export const unit = (dn, ou) => entry(dn, { objectClass: 'organizationalUnit', ou });

export class Slapd {
  constructor(entries) {
    this.entries = [entry(base, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' }), ...entries];
  }

  async start() {
    this.dir = mkdtempSync(join(tmpdir(), 'kedun-slapd-'));
    const at = (name) => join(this.dir, name);
    mkdirSync(at('db'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=directory CA', '-keyout', at('ca.key'), '-out', at('ca.pem'));
    openssl('req', '-new', ...key, '-subj', '/CN=directory CA 2', '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', at('ca2.key'), '-out', at('csr2.pem'));
    openssl('x509', '-req', '-in', at('csr2.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', at('ca2.pem'));
    openssl('req', '-new', ...key, '-subj', '/CN=directory', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', at('key.pem'), '-out', at('csr.pem'));
    openssl('x509', '-req', '-in', at('csr.pem'), '-CA', at('ca2.pem'), '-CAkey', at('ca2.key'), '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', at('cert.pem'));
    this.root = readFileSync(at('ca.pem'), 'utf8');
    this.ca = this.root + readFileSync(at('ca2.pem'), 'utf8');
    writeFileSync(at('slapd.conf'), [...['core', 'cosine', 'inetorgperson'].map((s) => `include /etc/ldap/schema/${s}.schema`),
      'modulepath /usr/lib/ldap', 'moduleload back_mdb', `TLSCertificateFile ${at('cert.pem')}`, `TLSCertificateKeyFile ${at('key.pem')}`,
      `pidfile ${at('pid')}`, 'referral ldap://127.0.0.1:9', 'database mdb', `suffix "${base}"`, `rootdn "cn=reader,${base}"`, `rootpw "${secret}"`, `directory ${at('db')}`, 'maxsize 67108864', ''].join('\n'));
    writeFileSync(at('all.ldif'), `${this.entries.join('\n\n')}\n`);
    execFileSync('/usr/sbin/slapadd', ['-q', '-f', at('slapd.conf'), '-l', at('all.ldif')], { stdio: 'pipe' });
    for (let tries = 0; !(await this.#launch()); tries++) if (tries === 5) throw new Error('slapd does not start');
    return this;
  }

  // False when somebody else took a port in between: then with others.
  async #launch() {
    [this.port, this.plain] = [await freePort(), await freePort()];
    this.child = spawn('/usr/sbin/slapd', ['-d', '0', '-f', join(this.dir, 'slapd.conf'), '-h', `ldaps://127.0.0.1:${this.port} ldap://127.0.0.1:${this.plain}`], { stdio: 'ignore' });
    let gone = false;
    this.child.on('exit', () => { gone = true; });
    const answers = () => new Promise((done) => {
      const c = connect(this.port, '127.0.0.1', () => { c.destroy(); done(true); }).on('error', () => done(gone));
    });
    await until('slapd', answers);
    return !gone;
  }

  // ldapmodify's language (RFC 2849), as its administrator.
  change(ldif) {
    execFileSync('ldapmodify', ['-x', '-H', `ldap://127.0.0.1:${this.plain}`, '-D', `cn=reader,${base}`, '-w', secret], { input: ldif, stdio: ['pipe', 'ignore', 'inherit'] });
  }

  async stop() {
    if (this.child.exitCode === null) await new Promise((done) => { this.child.on('exit', done); this.child.kill('SIGTERM'); });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

// Active Directory: Samba as a domain controller in a directory of its own, made and filled before it starts, with no more
// of its services than LDAP. Its ports are 389 and 636, which can't be told otherwise: so it has an address of 127.0.0.0/8
// to itself, and is started by root alone.
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './server.mjs';
import { entry, unit } from './slapd.mjs';

export const base = 'DC=corp,DC=example,DC=com';
export const secret = 'Read-0nly, 只读';
export const administrator = 'Adm1n-of-the-domain';
export const cannot = process.getuid() !== 0 ? 'a domain controller wants ports 389 and 636: as root' : existsSync('/usr/sbin/samba') ? false : 'Samba is not installed: ./do setup';

// Debian's own Python has Samba's modules. The first argument is the directory, the second a file of entries.
const make = `
import logging, sys
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision
at, entries, administrator, secret = sys.argv[1:]
lp = LoadParm()
lp.load(at + '/smb.conf')
log = logging.getLogger()
log.setLevel(logging.ERROR)
made = provision(log, system_session(), smbconf=at + '/smb.conf', targetdir=at, realm='corp.example.com', domain='CORP', hostname='dc1', hostip='127.0.0.1', lp=lp,
                 serverrole='active directory domain controller', dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2, dns_backend='NONE', adminpass=administrator, batch_mode=True)
sam = made.samdb
sam.transaction_start()
sam.add_ldif(open(entries).read())
sam.transaction_commit()
sam.setpassword('(sAMAccountName=reader)', secret)
`;

// An account as the domain's own tools make it; its password is set apart, or never.
export const user = (dn, login, more = {}) => entry(dn, { objectClass: 'user', sAMAccountName: login, userPrincipalName: `${login}@corp.example.com`, userAccountControl: '544', ...more });
export { entry, unit };

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });

export class Samba {
  constructor(entries) {
    this.entries = entries;
    this.address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
  }

  async start() {
    this.dir = mkdtempSync(join(tmpdir(), 'kedun-samba-'));
    const at = (name) => join(this.dir, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=domain CA', '-keyout', at('ca.key'), '-out', at('ca.pem'));
    openssl('req', '-new', ...key, '-subj', '/CN=dc1.corp.example.com', '-addext', `subjectAltName=DNS:dc1.corp.example.com,IP:${this.address}`, '-keyout', at('key.pem'), '-out', at('csr.pem'));
    openssl('x509', '-req', '-in', at('csr.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', at('cert.pem'));
    this.ca = readFileSync(at('ca.pem'), 'utf8');
    for (const name of ['private', 'state', 'cache', 'lock', 'run', 'rpc']) mkdirSync(at(name));
    writeFileSync(at('smb.conf'), ['[global]', 'netbios name = DC1', 'realm = CORP.EXAMPLE.COM', 'workgroup = CORP', 'server role = active directory domain controller', 'server services = ldap',
      `interfaces = ${this.address}/8`, 'bind interfaces only = yes', `private dir = ${at('private')}`, `state directory = ${at('state')}`, `cache directory = ${at('cache')}`, `lock directory = ${at('lock')}`,
      `pid directory = ${at('run')}`, `ncalrpc dir = ${at('rpc')}`, `binddns dir = ${at('state')}`, 'logging = file', `log file = ${at('log')}`, 'disable spoolss = yes',
      'tls enabled = yes', `tls keyfile = ${at('key.pem')}`, `tls certfile = ${at('cert.pem')}`, `tls cafile = ${at('ca.pem')}`,
      '[sysvol]', `path = ${at('state/sysvol')}`, 'read only = no', '[netlogon]', `path = ${at('state/sysvol/corp.example.com/scripts')}`, 'read only = no', ''].join('\n'));
    writeFileSync(at('all.ldif'), `${this.entries.join('\n\n')}\n`);
    execFileSync('/usr/bin/python3', ['-c', make, this.dir, at('all.ldif'), administrator, secret], { stdio: ['ignore', openSync(at('made'), 'w'), openSync(at('made'), 'a')] });
    this.child = spawn('/usr/sbin/samba', ['--foreground', '--no-process-group', `--configfile=${at('smb.conf')}`, '--debug-stdout', '--model=single'], { stdio: ['ignore', openSync(at('out'), 'w'), openSync(at('out'), 'a')] });
    await until('the domain controller', () => new Promise((done, failed) => {
      if (this.child.exitCode !== null) failed(new Error(readFileSync(at('out'), 'utf8').slice(-2000)));
      const c = connect(636, this.address, () => { c.destroy(); done(true); }).on('error', () => done(false));
    }));
    return this;
  }

  // ldapmodify's language (RFC 2849), as the administrator of the domain.
  change(ldif) {
    execFileSync('ldapmodify', ['-x', '-H', `ldaps://${this.address}`, '-D', `CN=Administrator,CN=Users,${base}`, '-w', administrator],
      { input: ldif, stdio: ['pipe', 'ignore', 'inherit'], env: { ...process.env, LDAPTLS_CACERT: join(this.dir, 'ca.pem') } });
  }

  async stop() {
    if (this.child?.exitCode === null) await new Promise((done) => { this.child.on('exit', done); this.child.kill('SIGTERM'); });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

// `kedun policy authorize|validate|translate|format` as a person or a script meets them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';

const kedun = process.env.KEDUN ?? resolve(import.meta.dirname, '../../build/kedun');
const dir = mkdtempSync(join(tmpdir(), 'kedun-policy-'));
after(() => rmSync(dir, { recursive: true }));

function file(name, content) {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function policy(...args) {
  const done = spawnSync(kedun, ['policy', ...args], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const schema = file('s.cedarschema', `
entity Team;
entity User in [Team] { age: Long, net?: ipaddr };
entity Photo { owner: User };
action view, edit appliesTo { principal: User, resource: Photo, context: { from?: ipaddr } };
`);
const policies = file('p.cedar', `
permit(principal in Team::"t", action == Action::"view", resource);
@id("mine") permit(principal, action, resource) when { resource.owner == principal };
forbid(principal, action, resource) when { context has from && context.from.isLoopback() };
forbid(principal, action, resource) when { principal.net.isIpv6() };
`);
const entities = file('e.json', [
  { uid: { type: 'User', id: 'a' }, attrs: { age: 1 }, parents: [{ type: 'Team', id: 't' }] },
  { uid: { type: 'User', id: 'b' }, attrs: { age: 2, net: '10.0.0.1' }, parents: [] },
  { uid: { type: 'Photo', id: 'p' }, attrs: { owner: { type: 'User', id: 'b' } }, parents: [] },
]);
const files = ['--policies', policies, '--entities', entities, '--schema', schema];
const ask = (principal, action, context = {}) => ({ principal, action, resource: 'Photo::"p"', context });

test('one request is answered in words and by the exit code', () => {
  const one = file('r.json', ask('User::"b"', 'Action::"edit"'));
  assert.deepEqual(policy('authorize', ...files, '--request-json', one), { code: 0, out: 'ALLOW\n', err: '' });
  const denied = file('r.json', ask('User::"a"', 'Action::"edit"'));
  const answer = policy('authorize', ...files, '--request-json', denied, '--verbose');
  assert.equal(answer.code, 2);
  assert.match(answer.out, /^DENY\nerror: policy policy3, line 5 column \d+: no such attribute\nnote: no policy applies\n$/);
  const words = policy('authorize', ...files, '--principal', 'User::"b"', '--action', 'Action::"view"', '--resource',
    'Photo::"p"', '--context', file('c.json', { from: '127.0.0.1' }), '--verbose');
  assert.equal(words.code, 2);
  assert.match(words.out, /DENY\nnote: decided by\n {2}policy2\n/);
});

test('a list of requests gets a line of JSON each, one that is no request too', () => {
  const list = file('r.json', [ask('User::"a"', 'Action::"view"'), ask({ type: 'User', id: 'b' }, 'Action::"edit"'),
    ask('Team::"t"', 'Action::"view"'), ask('User::"b"', 'Action::"view"', { from: '::1' })]);
  const answer = policy('authorize', ...files, '--request-json', list);
  const lines = answer.out.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(answer.code, 1);
  assert.equal(lines.length, 4);
  assert.equal(lines[0].decision, 'allow');
  assert.deepEqual(lines[0].determining, ['policy0']);
  assert.deepEqual(lines[0].errors.map((e) => e.policy), ['policy3']);
  assert.deepEqual(lines[1], { decision: 'allow', determining: ['mine'], errors: [] });
  assert.equal(lines[2].decision, null);
  assert.match(lines[2].refused, /no principals of this type/);
  assert.deepEqual(lines[3], { decision: 'deny', determining: ['policy2'], errors: [] });
  const loose = policy('authorize', ...files, '--request-validation', 'false', '--request-json', list);
  assert.equal(loose.code, 0);
});

test('validation names the place and ends with 3', () => {
  assert.equal(policy('validate', '--policies', file('v.cedar', 'permit(principal, action, resource);'), '--schema', schema).code, 0);
  const bad = policy('validate', '--policies', policies, '--schema', schema);
  assert.equal(bad.code, 3);
  assert.match(bad.out, /p\.cedar:5:\d+: error: policy policy3: User may lack the attribute net/);
  const mixed = file('m.cedar', 'permit(principal, action, resource) when { principal.age == "1" };');
  assert.equal(policy('validate', '--policies', mixed, '--schema', schema).code, 3);
  assert.equal(policy('validate', '--policies', mixed, '--schema', schema, '--mode', 'permissive').code, 0);
  const never = file('n.cedar', 'permit(principal, action, resource) when { principal is Team };');
  assert.equal(policy('validate', '--policies', never, '--schema', schema).code, 0);
  assert.equal(policy('validate', '--policies', never, '--schema', schema, '--deny-warnings').code, 3);
});

test('policies and schemas as JSON answer as the text does', () => {
  const json = file('p.json', policy('translate', '--direction', 'cedar-to-json', '--policies', policies).out);
  const schemaJson = file('s.json', policy('translate', '--direction', 'cedar-to-json', '--schema', schema).out);
  const list = file('r.json', [ask('User::"a"', 'Action::"view"'), ask('User::"b"', 'Action::"edit"')]);
  const short = (out) => out.trim().split('\n').map((line) => { const a = JSON.parse(line); return [a.decision, a.determining]; });
  const text = policy('authorize', ...files, '--request-json', list);
  const same = policy('authorize', '--policies', json, '--entities', entities, '--schema', schemaJson, '--request-json', list);
  assert.deepEqual(short(same.out), short(text.out));
  assert.equal(policy('validate', '--policies', json, '--schema', schemaJson).code, 3);
  const back = policy('translate', '--direction', 'json-to-cedar', '--policies', json);
  assert.equal(back.out, policy('format', '--policies', policies).out);
});

test('templates are linked from a file', () => {
  const template = file('t.cedar', '@id("t") permit(principal == ?principal, action, resource);');
  const links = file('l.json', [{ template_id: 't', link_id: 'l', args: { '?principal': 'User::"a"' } }]);
  const one = file('r.json', [ask('User::"a"', 'Action::"view"'), ask('User::"b"', 'Action::"view"')]);
  const answer = policy('authorize', '--policies', template, '--template-linked', links, '--entities', entities,
    '--request-json', one);
  assert.deepEqual(answer.out.trim().split('\n').map((line) => JSON.parse(line).determining), [['l'], []]);
});

test('format writes, or asks whether it would', () => {
  const path = file('f.cedar', 'permit(principal,action,resource);//why\n');
  assert.equal(policy('format', '--policies', path, '--check').code, 1);
  assert.equal(policy('format', '--policies', path, '--write').code, 0);
  assert.equal(readFileSync(path, 'utf8'), 'permit (principal, action, resource); //why\n');
  assert.equal(policy('format', '--policies', path, '--check').code, 0);
});

test('what cannot be read ends with 1 and says where, a wrong call with 64', () => {
  const bad = policy('format', '--policies', file('b.cedar', 'permit(principal, action);'));
  assert.equal(bad.code, 1);
  assert.match(bad.err, /b\.cedar:1:\d+: expected ','/);
  assert.equal(policy('validate', '--policies', policies, '--schema', join(dir, 'none')).code, 1);
  assert.equal(policy('validate', '--policies', policies).code, 64);
  assert.equal(policy('nosuch').code, 64);
});

// No value leaves the keeper before its audit entry is on disk: watched from outside, system call by system call.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../api/client.mjs';
import { person } from '../api/people.mjs';
import { Server, until } from '../api/server.mjs';
import { roles } from './roles.mjs';

// Message numbers of docs/protocol.md that hand values out, or let a write happen.
const OPEN = 30, SEAL = 31;
let server, calls;

// strace with -xx prints every byte as \xNN; a frame is u32 length, u16 type, u16 flags, u64 id.
function frame(text) {
  const bytes = [...text.matchAll(/\\x([0-9a-f]{2})/g)].slice(0, 16).map((m) => parseInt(m[1], 16));
  if (bytes.length < 16) return undefined;
  return { type: bytes[4] | (bytes[5] << 8), status: bytes[6] | (bytes[7] << 8), id: bytes.slice(8).join('.') };
}

// {at, pid, call, fd path, text, result}; a call stands where it ended, for that is when it was done — a send where it began.
function parse(trace) {
  const out = [], open = new Map();
  for (const line of trace.split('\n')) {
    const m = /^(\d+) +[\d.]+ (.*)$/.exec(line);
    if (!m) continue;
    let [, pid, text] = m;
    if (/<unfinished \.\.\.>$/.test(text)) {
      text = text.replace(/ *<unfinished \.\.\.>$/, '');
      open.set(pid, text);
      if (!text.startsWith('sendmsg')) continue;
    } else if (/^<\.\.\. \w+ resumed>/.test(text)) {
      const begun = open.get(pid) ?? '';
      if (begun.startsWith('sendmsg')) continue;
      text = begun + text.replace(/^<\.\.\. \w+ resumed>/, '');
    }
    const call = /^(\w+)\(\d+<((?:\\x[0-9a-f]{2}|[^>])*)>/.exec(text);
    if (!call) continue;
    const path = call[2].replace(/\\x([0-9a-f]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)));
    out.push({ pid, call: call[1], path, text: text.slice(call[0].length), result: /= (-?\d+)[^=]*$/.exec(text)?.[1] });
  }
  return out;
}

before(async () => {
  server = await new Server().start();
  const sales = await server.as('sales1');
  const made = await sales.create('customer', person());
  const keeper = roles(server.process.pid).get('keeper');
  const file = join(server.dir, 'trace');
  const strace = spawn('strace', ['-f', '-y', '-xx', '-s', '64', '-ttt', '-o', file, '-p', String(keeper), '-e',
    'trace=read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,sendmsg,fdatasync,fsync'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  strace.stderr.on('data', (t) => (said += t));
  await until('strace is attached', () => /attached/.test(said) || (/not permitted|No such/.test(said) && assert.fail(said)));
  // One at a time, so that what is between a question and its answer is its own.
  for (let n = 0; n < 12; n++) {
    ok(await sales.get(`/api/v1/records/customer/${made.id}`));
    await sales.query('customer', { limit: 5 });
    await sales.query('customer', { search: made.mobile });
    ok(await sales.post(`/api/v1/records/customer/${made.id}/reveal`, { fields: ['mobile'], reason: '回访客户' }));
    await sales.create('customer', person());
  }
  const ended = new Promise((done) => strace.on('exit', done));
  strace.kill('SIGINT');
  await ended;
  calls = parse(readFileSync(file, 'latin1'));
});
after(() => server.stop());

// For each answer of this type: was the log written and then synced since the answer before it, and what the answering
// thread wrote synced? By thread, since the keeper's timer writes too, now and then between a sync and its answer.
function answers(type) {
  const out = [];
  let synced = false, unsynced = new Set();
  for (const c of calls) {
    const log = /\/audit\/seg-/.test(c.path);
    if (log && /^p?writev?(64)?$/.test(c.call) && Number(c.result) > 0) unsynced.add(c.pid);
    if (log && /sync$/.test(c.call) && c.result === '0') synced = unsynced.delete(c.pid) || synced;
    const f = c.call === 'sendmsg' ? frame(c.text) : undefined;
    if (!f) continue;
    if (f.type === type && f.status === 0) out.push(synced && !unsynced.has(c.pid));
    if (f.type === OPEN || f.type === SEAL) synced = false;
  }
  return out;
}

for (const [name, type, least] of [['no opened value', OPEN, 48], ['no sealed write', SEAL, 12]]) {
  test(`${name} leaves the keeper before its entry is written and synced`, () => {
    const all = answers(type);
    assert.ok(all.length >= least, `only ${all.length} answers were seen: the watch is blind`);
    assert.equal(all.filter((a) => !a).length, 0, `of ${all.length} answers`);
  });
}

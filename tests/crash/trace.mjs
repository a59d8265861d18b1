// System calls of a running process as strace tells them, and what they say about disk and answer.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { until } from '../api/server.mjs';

// Message numbers of docs/protocol.md that hand values out, or let a write happen; and of store/remote.h.
export const OPEN = 30, SEAL = 31;
const REMOTE_WRITE = 1, REMOTE_GO = 2;

// strace with -xx prints every byte as \xNN; a frame is u32 length, u16 type, u16 flags, u64 id.
const bytesOf = (text, most) => [...text.slice(0, 600).matchAll(/\\x([0-9a-f]{2})/g)].slice(0, most).map((m) => parseInt(m[1], 16));

function frame(text) {
  const bytes = bytesOf(text, 16);
  if (bytes.length < 16) return undefined;
  return { type: bytes[4] | (bytes[5] << 8), status: bytes[6] | (bytes[7] << 8) };
}

// {pid, call, path, text, result}; a call stands where it ended, for that is when it was done, a send where it began. A
// call that strace kept from the kernel (INJECTED) has not happened.
export function parse(trace) {
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
    if (/\(INJECTED\)$/.test(text)) continue;
    const call = /^(\w+)\(\d+<((?:\\x[0-9a-f]{2}|[^>])*)>/.exec(text);
    if (!call) continue;
    const path = call[2].replace(/\\x([0-9a-f]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)));
    out.push({ pid, call: call[1], path, text: text.slice(call[0].length), result: /= (-?\d+)[^=]*$/.exec(text)?.[1] });
  }
  return out;
}

// Traces the process while `work` runs; `inject` as strace takes it.
export async function watch(pid, file, work, inject) {
  const args = ['-f', '-y', '-xx', '-s', '128', '-ttt', '-o', file, '-p', String(pid), '-e',
    'trace=read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,sendmsg,fdatasync,fsync'];
  const strace = spawn('strace', inject ? [...args, '-e', `inject=${inject}`] : args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  strace.stderr.on('data', (t) => (said += t));
  const ended = new Promise((done) => strace.on('exit', done));
  await until(`strace is attached: ${said}`, () => {
    if (/not permitted|No such/.test(said)) throw new Error(said);
    return /attached/.test(said);
  });
  try {
    await work();
  } finally {
    strace.kill('SIGINT');
    await ended;
  }
  return parse(readFileSync(file, 'latin1'));
}

const isWrite = (c) => /^p?writev?(64)?$/.test(c.call) && Number(c.result) > 0;
const isSync = (c) => /sync$/.test(c.call) && c.result === '0';

// The keeper's answers of this type: for each, was the log written and then synced since the answer before it, and what the
// answering thread wrote synced? By thread, since the keeper's timer writes too, now and then between a sync and its answer.
export function keeperAnswers(calls, type) {
  const out = [];
  let synced = false, unsynced = new Set();
  for (const c of calls) {
    const log = /\/audit\/seg-/.test(c.path);
    if (log && isWrite(c)) unsynced.add(c.pid);
    if (log && isSync(c)) synced = unsynced.delete(c.pid) || synced;
    const f = c.call === 'sendmsg' ? frame(c.text) : undefined;
    if (!f) continue;
    if (f.type === type && f.status === 0) out.push(synced && !unsynced.has(c.pid));
    if (f.type === OPEN || f.type === SEAL) synced = false;
  }
  return out;
}

// The commits of the database's log: from its first write to the sync behind its last, places in the list of calls.
function commits(calls) {
  const out = [], begun = new Map();
  calls.forEach((c, at) => {
    if (!/kedun\.db-wal$/.test(c.path)) return;
    if (isWrite(c) && !begun.has(c.pid)) begun.set(c.pid, at);
    if (!isSync(c) || !begun.has(c.pid)) return;
    out.push({ from: begun.get(c.pid), to: at });
    begun.delete(c.pid);
  });
  return out;
}

// Behind the 8 bytes that head a FastCGI record.
const acknowledges = { POST: /^.{8}Status: 20[17]/s, PATCH: /^.{8}Status: 200/s, DELETE: /^.{8}Status: 204/s };
const asText = (c) => String.fromCharCode(...bytesOf(c.text, 100));

// The engine's acknowledgements of writes: {jobs: to the jobs process, safe: a commit that began after the request had come
// was synced before the answer went out}.
export function engineAnswers(calls) {
  const out = [], asked = new Map(), synced = commits(calls);
  const answered = (at, since, jobs) => out.push({ jobs, safe: synced.some((k) => k.from > since && k.to < at) });
  calls.forEach((c, at) => {
    const socket = /socket|UNIX/.test(c.path);
    if (socket && /^recv/.test(c.call) && Number(c.result) > 0) {
      const method = /REQUEST_METHOD(GET|POST|PUT|PATCH|DELETE)/.exec(asText(c))?.[1];
      if (method) asked.set(c.path, { at, method });
      else if (frame(c.text)?.type === REMOTE_WRITE && !asked.get(c.path)) asked.set(c.path, { at });
      else if (frame(c.text)?.type === REMOTE_GO && asked.get(c.path) && !asked.get(c.path).method) asked.set(c.path, { at }); // a set that came ahead
    }
    if (!socket || c.call !== 'sendmsg') return;
    const from = asked.get(c.path);
    if (from?.method && acknowledges[from.method]?.test(asText(c))) answered(at, from.at, false);
    const f = from && !from.method ? frame(c.text) : undefined;
    if (f?.type === REMOTE_WRITE && f.status === 0) answered(at, from.at, true);
    if (from) asked.delete(c.path);
  });
  return out;
}

// The processes of a running server, by role; and its audit log, read from the files alone.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../api/server.mjs';

// Role → process id, of the children that are there now.
export function roles(supervisor) {
  const pids = new Map();
  const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim().split(' ').filter(Boolean);
  for (const child of children) {
    const words = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0');
    const at = words.indexOf('--role');
    if (at > 0) pids.set(words[at + 1], Number(child));
  }
  return pids;
}

export function audit(data, act, ...args) {
  const done = spawnSync(join(build, 'kedun'), ['audit', act, '--data', data, ...args], { encoding: 'utf8', maxBuffer: 1 << 30 });
  return { code: done.status, text: done.stdout, error: done.stderr };
}

export function entries(data) {
  const { code, text, error } = audit(data, 'list');
  if (code !== 0) throw new Error(error);
  return text.trim().split('\n').map((line) => JSON.parse(line));
}

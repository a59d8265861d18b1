#!/usr/bin/env node
// Runs `kedun policy` over folders of Cedar integration tests (the public corpus and the hand-written ones): every
// *.json with "policies", "entities", "schema", "shouldValidate" and "requests". Each decision (with the policies
// that decided and those that erred) and each validation verdict is compared with what the file says.
//   tests/policy/corpus.mjs ROOT [FOLDER...] [--only decisions|validation] [--part N/M]
// Paths inside the files are looked up from ROOT; FOLDERs (default: ROOT) are searched for test files.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

const kedun = process.env.KEDUN ?? resolve(import.meta.dirname, '../../build/kedun');
const options = { only: '', part: '1/1' };
const words = [];
for (let i = 2; i < process.argv.length; i++) {
  const option = process.argv[i].replace(/^--/, '');
  if (process.argv[i].startsWith('--') && option in options) options[option] = process.argv[++i];
  else words.push(process.argv[i]);
}
const [root, ...folders] = words;
if (!root) {
  console.error('usage: corpus.mjs ROOT [FOLDER...] [--only decisions|validation] [--part N/M]');
  process.exit(64);
}

function* testFiles(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* testFiles(path);
    else if (name.endsWith('.json') && !name.endsWith('.entities.json')) yield path;
  }
}

function run(...args) {
  try {
    return { code: 0, out: execFileSync(kedun, ['policy', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }), err: '' };
  } catch (error) {
    return { code: error.status ?? -1, out: error.stdout ?? '', err: error.stderr ?? String(error) };
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'cedar-corpus-'));
const counts = { decisions: 0, decisionsAlike: 0, validations: 0, validationsAlike: 0 };
const shown = { left: 40 };

function differ(file, what) {
  if (shown.left-- > 0) console.log(`${file}: ${what}`);
}

const sameSet = (a, b) => JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

function where(path) {
  for (const base of [root, join(root, '..')]) {
    try {
      statSync(join(base, path));
      return join(base, path);
    } catch {}
  }
  return join(root, path);
}

// The text of "requests": parsed and printed again, numbers of 64 bits would be others.
function requestsText(text) {
  const from = text.indexOf('[', text.indexOf('"requests"'));
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '[') depth++;
    else if (c === ']' && --depth === 0) return text.slice(from, i + 1);
  }
  throw new Error('no requests');
}

function compareDecisions(file, test, text) {
  const requests = join(scratch, 'requests.json');
  writeFileSync(requests, requestsText(text));
  const schema = test.requests.every((r) => r.validateRequest !== false) ? [] : ['--request-validation', 'false'];
  const answer = run('authorize', '--policies', where(test.policies), '--entities', where(test.entities),
    '--schema', where(test.schema), '--request-json', requests, ...schema);
  let alike = 0;
  let first = '';
  const lines = answer.out.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  test.requests.forEach((wanted, i) => {
    counts.decisions++;
    const got = lines[i];
    if (got && got.decision === wanted.decision.toLowerCase() && sameSet(got.determining, wanted.reason) &&
        sameSet(got.errors.map((e) => e.policy), wanted.errors)) alike++;
    else first ||= `${wanted.description}: wanted ${wanted.decision} by [${wanted.reason}] errors [${wanted.errors}], got ${got ? JSON.stringify(got) : answer.err.trim()}`;
  });
  counts.decisionsAlike += alike;
  if (first) differ(file, `${test.requests.length - alike} of ${test.requests.length} differ; ${first}`);
}

function compareValidation(file, test) {
  counts.validations++;
  const answer = run('validate', '--policies', where(test.policies), '--schema', where(test.schema));
  if (answer.code === (test.shouldValidate ? 0 : 3)) counts.validationsAlike++;
  else differ(file, `wanted ${test.shouldValidate ? 'valid' : 'invalid'}, got ${answer.code}: ${(answer.err || answer.out).trim().split('\n')[0]}`);
}

const [part, parts] = options.part.split('/').map(Number);
let index = 0;
for (const folder of folders.length ? folders : [root]) {
  for (const file of testFiles(folder)) {
    if (index++ % parts !== part - 1) continue;
    const text = readFileSync(file, 'utf8');
    const test = JSON.parse(text);
    if (!test.policies || !test.requests) continue;
    if (options.only !== 'validation') compareDecisions(file, test, text);
    if (options.only !== 'decisions') compareValidation(file, test);
  }
}
rmSync(scratch, { recursive: true });
console.log(`decisions: ${counts.decisionsAlike} of ${counts.decisions} alike; validations: ${counts.validationsAlike} of ${counts.validations} alike`);
process.exit(counts.decisionsAlike === counts.decisions && counts.validationsAlike === counts.validations ? 0 : 1);

// Every code that a source file can answer a person with has a sentence in both languages.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { problem } from './client.mjs';
import { root, Server } from './server.mjs';

const files = (dir) => readdirSync(dir, { withFileTypes: true, recursive: true }).filter((f) => f.isFile() && f.name.endsWith('.c')).map((f) => join(f.parentPath ?? f.path, f.name));
const folders = ['value', 'object', 'policy', 'record', 'people', 'keeper', 'store', 'api', 'share', 'watch', 'flow', 'quality', 'privacy', 'insight'];
const table = readFileSync(join(root, 'src/api/problem_table.c'), 'utf8').replace(/"\s*\n\s*"/g, '');
const sentences = new Map([...table.matchAll(/\{"([a-z0-9_]+)",\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\}/g)].map((m) => [m[1], { zh: m[2], en: m[3] }]));

// Codes of failures inside (no memory, disk, damage) are for the log: their answer is the sentence of their kind.
const forPeople = /ST_(INVALID|UNAUTHENTICATED|DENIED|NOT_FOUND|CONFLICT|LIMIT|UNAVAILABLE)/;
// Of start-up and of the operator's files, never an answer to a request.
const startUp = new Set(['policies_unreadable',
  'definitions_missing', 'root_key_missing', 'root_key_mode', 'epoch_key_missing', 'vault_rolled_back', 'audit_shortened', 'audit_replay', 'store_newer', 'key_path', 'key_dir', 'key_file', 'path_too_long', 'socket_path', 'keeper_socket', 'bad_registry', 'demo_not_loopback', 'not_initialised',
  'bad_entity', 'bad_json', 'bad_link', 'bad_request', 'entity_cycle', 'entity_twice', 'schema_syntax', 'schema_too_large', 'too_many_entities', 'unknown_template', 'bad_policy', 'schema_no_text']);
// Said between processes about a request that no client can make.
const between = new Set(['bad_act', 'bad_entry', 'bad_needle', 'bad_page', 'bad_subject', 'bad_reseal', 'bad_value', 'bad_view', 'another_row', 'is_sealed', 'not_sealed', 'no_such_intent', 'no_subject_key', 'query_bad',
  'check_unfit', 'column_not_settable', 'write_malformed', 'predicate_malformed', 'selection_malformed', 'sort_too_long', 'too_many_columns', 'too_many_objects', 'store_read_only', 'subject_exists', 'subject_not_found',
  'item_not_found', 'idempotency_unknown', 'key_too_long', 'not_written', 'record_not_found', 'record_exists', 'versions', 'constraint', 'detail_open', 'audit_read', 'audit_head', 'answer_too_large', 'keeper_answer', 'value_not_utf8',
  'token_form', 'token_algorithm', 'token_key', 'token_signature']);

test('the table has a Chinese and an English sentence for each of its codes', () => {
  assert.ok(sentences.size > 100);
  for (const [code, s] of sentences) {
    assert.match(s.zh, /[一-鿿]/, code);
    assert.match(s.en, /^[A-Z]/, code);
    assert.doesNotMatch(s.en, /[一-鿿]/, code);
  }
});

test('every code in the sources has its line in the table', () => {
  const missing = new Set();
  for (const folder of folders) {
    let list = [];
    try {
      list = files(join(root, 'src', folder));
    } catch {
      continue;
    }
    for (const file of list) {
      const text = readFileSync(file, 'utf8');
      for (const m of text.matchAll(/error_(?:set|field)\)?\(\s*[^,;]+,\s*([^,;]+),\s*([^;]*?)[,)]\s/g)) {
        if (!forPeople.test(m[1])) continue;
        for (const c of m[2].matchAll(/"([a-z][a-z0-9_]+)"/g))
          if (!sentences.has(c[1]) && !startUp.has(c[1]) && !between.has(c[1])) missing.add(`${c[1]} (${file.slice(root.length + 1)})`);
      }
      for (const m of text.matchAll(/refuse\(\s*&?p,\s*([^;]*?)\);/g))
        for (const c of m[1].matchAll(/"([a-z][a-z0-9_]+)"/g)) if (!sentences.has(c[1])) missing.add(`${c[1]} (${file.slice(root.length + 1)})`);
    }
  }
  for (const m of readFileSync(join(root, 'src/value/check.c'), 'utf8').matchAll(/\{"\w+", "(\w+)",/g)) if (!sentences.has(m[1])) missing.add(m[1]);
  assert.deepEqual([...missing].sort(), []);
});

let server;
before(async () => (server = await new Server().start()));
after(() => server.stop());

test('problems speak the language that the client asks for, Chinese by default', async () => {
  const c = await server.as('sales1');
  for (const [accept, pattern] of [['zh-CN', /[一-鿿]/], ['en-GB,en;q=0.8', /^[A-Z]/], ['', /[一-鿿]/], ['fr', /[一-鿿]/]]) {
    const a = await c.post('/api/v1/records/customer', { mobile: '1', grade: 'z' }, { headers: { 'accept-language': accept } });
    const p = problem(a, 422, 'invalid_fields');
    assert.match(p.title, pattern);
    for (const e of p.errors) assert.match(e.message, pattern, `${e.field} ${e.code}`);
  }
});

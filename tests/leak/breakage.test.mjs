// The leak matrix must fail when policies let out more than expected.json says: four breakages, each of another kind, in
// one server; who is not concerned stays clean.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../api/server.mjs';
import { matrix } from './matrix.mjs';
import { Stage } from './stage.mjs';

const stage = new Stage();
const policies = mkdtempSync(join(tmpdir(), 'kedun-broken-'));

const broken = {
  // A field's view: a masked number in clear.
  'operations.cedar': [/action == Action::"read", resource\)\nwhen \{ \["public", "internal"\]\.contains\(context\.class\) \};/, 'action == Action::"read", resource)\nwhen { ["public", "internal"].contains(context.class) || context.field == "mobile" };'],
  // The scope: a salesperson's acts and fields without regard to the owner; no field rule changes.
  'sales.cedar': [/(Role::"sales", action (?:in \[Action::"look", Action::"create", Action::"update"\]|== Action::"read"|in \[Action::"see", Action::"match"\]), resource\)\nwhen \{[^}]*?)resource\.owner == principal/g, '$1resource has owner'],
  // A hidden class that becomes known, masked.
  'marketing.cedar': [/context\.class == "personal" &&/, '["personal", "sensitive"].contains(context.class) &&'],
  // The right to match, for those who only see the mask.
  'finance.cedar': [/action in \[Action::"see", Action::"write"\], resource is Payment\)/, 'action in [Action::"see", Action::"write", Action::"match"], resource)'],
};

before(async () => {
  cpSync(join(root, 'policies'), policies, { recursive: true });
  chmodSync(policies, 0o755); // the roles are other users
  for (const [file, [from, to]] of Object.entries(broken)) {
    const text = readFileSync(join(policies, file), 'utf8');
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${file} holds what is to be broken`);
    writeFileSync(join(policies, file), changed);
  }
  // The keeper's ceilings alone would stop most of this: they are raised, to see what the matrix sees.
  await stage.start({ policies, change: (text) => text.replace(/"ceiling":\{[^}]*\}/g, '"ceiling":{"personal":"clear","sensitive":"clear"}') });
});
after(async () => {
  await stage.stop();
  rmSync(policies, { recursive: true });
});

const red = async (person, pattern, paths) => {
  const { problems } = await matrix(stage, person, { most: 150 });
  for (const path of paths) assert.ok(problems.some((p) => p.startsWith(`${path} `) && pattern.test(p)), `${path} of ${person}: ${problems.length} problems, ${problems.slice(0, 3).join('; ')}`);
};

test('a mobile in clear to operations is found on every path that shows one', () =>
  red('operations', /\.mobile \(masked\)/, ['listRecords', 'queryRecords', 'getRecord', 'recordHistory']));

test('other people’s customers before a salesperson are found', () =>
  red('sales2', / [AB]\.\w+ \(hidden\)/, ['listRecords', 'queryRecords', 'getRecord', 'recordTimeline', 'suggest']));

test('a hidden field that marketing is told of is found by its key', () =>
  red('marketing', /key customer A\.(resident_id|bank_card)/, ['listRecords', 'getRecord']));

test('a field that finance may match and see, against what is expected, is found', () =>
  red('finance1', /customer A\.\w+/, ['getRecord']));

test('the ones whom no breakage concerns stay clean', async () => {
  for (const person of ['steward', 'nobody']) {
    const { problems } = await matrix(stage, person, { most: 60 });
    assert.deepEqual(problems.slice(0, 5), [], person);
  }
});

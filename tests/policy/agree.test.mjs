// A small part of the property that a list and the decision on each record agree; the whole: tests/policy/run --triples N.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('the list that the store makes and the decision on each record agree on 100,000 triples', () => {
  const said = execFileSync(process.env.KEDUN_AGREE, ['100000'], { encoding: 'utf8' });
  assert.match(said, /all agree/);
});

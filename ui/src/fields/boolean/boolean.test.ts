import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'boolean' });
test('false is a value, not nothing', () => {
  expect(module.text(false, f, names)).not.toBe(module.text(true, f, names));
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'address' });
test('an address takes the whole width', () => {
  expect(module.wide).toBe(true);
  expect(module.text('文三路 1 号', f, names)).toBe('文三路 1 号');
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'reference' });
test('a reference is sent as the id alone', () => {
  expect(module.send?.({ id: 'u-1', title: '长江' })).toBe('u-1');
  expect(module.text({ id: 'u-1', title: '长江' }, f, names)).toBe('长江');
});

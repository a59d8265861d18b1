import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'user' });
test('a person reads by name and is edited by number', () => {
  expect(module.text({ id: 7, name: '王芳' }, f, names)).toBe('王芳');
  expect(module.text(7, f, names)).toBe('王芳');
  expect(module.edit?.({ id: 7, name: '王芳' })).toBe(7);
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'text' });
test('text is held to its length and pattern', () => {
  expect(module.text('长江', f, names)).toBe('长江');
  expect(module.check?.('abcd', { ...f, length_max: 3 })).toEqual({ code: 'length', named: { n: 3 } });
  expect(module.check?.('𠮷𠮷𠮷', { ...f, length_max: 3 })).toBeNull();
  expect(module.check?.('ab', { ...f, pattern: '[0-9]+' })).toEqual({ code: 'pattern' });
  expect(module.check?.('12', { ...f, pattern: '[0-9]+' })).toBeNull();
});

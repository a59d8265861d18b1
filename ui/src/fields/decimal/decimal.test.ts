import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'decimal' });
test('a decimal keeps its digits', () => {
  expect(module.text('0.100000', f, names)).toBe('0.100000');
  expect(module.send?.('１２．５')).toBe('12.5');
  expect(module.check?.('1.1234567', f)).toEqual({ code: 'decimal' });
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'bank_card' });
test('a card number is checked by Luhn and read in fours', () => {
  expect(module.check?.('4111 1111 1111 1111', f)).toBeNull();
  expect(module.check?.('4111 1111 1111 1112', f)).toEqual({ code: 'bank_card' });
  expect(module.text('4111111111111111', f, names)).toBe('4111 1111 1111 1111');
});

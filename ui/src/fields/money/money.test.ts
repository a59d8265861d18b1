import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'money', currency: 'CNY' });
test('money is sent with two digits and shown with its sign', () => {
  expect(module.send?.('1,234.5')).toBe('1234.50');
  expect(module.send?.('¥90')).toBe('90.00');
  expect(module.text('-1234.50', f, names)).toBe('−¥1,234.50');
  expect(module.text('1234.50', { ...f, currency: 'USD' }, names)).toBe('$1,234.50');
  expect(module.check?.('1.234', f)).toEqual({ code: 'money' });
});

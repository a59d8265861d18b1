import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'integer' });
test('an integer is grouped, read with separators and kept in its range', () => {
  expect(module.text(1234567, f, names)).toBe('1,234,567');
  expect(module.send?.('1,200')).toBe(1200);
  expect(module.check?.('1.5', f)).toEqual({ code: 'integer' });
  expect(module.check?.('-3', { ...f, minimum: 0 })).toEqual({ code: 'minimum', named: { n: 0 } });
  expect(module.check?.('11', { ...f, maximum: 10 })).toEqual({ code: 'maximum', named: { n: 10 } });
});

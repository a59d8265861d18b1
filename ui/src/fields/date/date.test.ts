import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'date' });
test('a date is YYYY-MM-DD', () => {
  expect(module.check?.('2026-11-22', f)).toBeNull();
  expect(module.check?.('22.11.2026', f)).toEqual({ code: 'date' });
  expect(module.text('2026-11-22', f, names)).toBe('2026-11-22');
});

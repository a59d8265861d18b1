import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'datetime' });
test('a moment is shown in local time and sent in UTC', () => {
  expect(module.text('2026-11-22T01:30:00Z', f, names)).toMatch(/^2026-11-2\d \d\d:\d\d$/);
  expect(module.send?.('2026-11-22T09:30:00+08:00')).toBe('2026-11-22T01:30:00.000Z');
  expect(module.check?.('soon', f)).toEqual({ code: 'date' });
});

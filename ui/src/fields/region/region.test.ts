import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'region' });
test('a region is a six-digit code with its province', () => {
  expect(module.check?.('500112', f)).toBeNull();
  expect(module.check?.('0571', f)).toEqual({ code: 'region' });
  expect(module.text('500112', f, names)).toBe('重庆 500112');
  expect(module.text({ code: '500112', name: '重庆市渝北区' }, f, names)).toBe('重庆市渝北区');
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'phone' });
test('a phone may have an area code and an extension', () => {
  expect(module.check?.('0571-8888 1234 转 12', f)).toBeNull();
  expect(module.check?.('call me', f)).toEqual({ code: 'phone' });
  expect(module.text('+8657188881234;ext=12', f, names)).toBe('057188881234 × 12');
});

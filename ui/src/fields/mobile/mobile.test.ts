import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'mobile' });
test('a mobile is spaced, checked and edited without its country', () => {
  expect(module.text('+8613812345678', f, names)).toBe('138 1234 5678');
  expect(module.text('138****5678', f, names)).toBe('138 **** 5678');
  expect(module.edit?.('+8613812345678')).toBe('13812345678');
  expect(module.check?.('１３８ 1234-5678', f)).toBeNull();
  expect(module.check?.('12345', f)).toEqual({ code: 'mobile' });
  expect(module.check?.('+4915112345678', f)).toBeNull();
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'url' });
test('only http and https are addresses', () => {
  expect(module.check?.('https://example.cn/a', f)).toBeNull();
  expect(module.check?.('javascript:alert(1)', f)).toEqual({ code: 'url' });
  expect(module.text('https://example.cn/', f, names)).toBe('example.cn');
});

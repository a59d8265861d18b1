import { expect, test } from 'vitest';
import { field } from '../shared/sample';
import module from '.';

const f = field({ type: 'uscc' });
test('a social credit code needs its check character', () => {
  expect(module.check?.('91350100M000100Y43', f)).toBeNull();
  expect(module.check?.('91350100M000100Y44', f)).toEqual({ code: 'uscc' });
  expect(module.check?.('91350100I000100Y43', f)).toEqual({ code: 'uscc' });
});

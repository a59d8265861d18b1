import { expect, test } from 'vitest';
import { field } from '../shared/sample';
import module from '.';

const f = field({ type: 'cn_resident_id' });
test('a resident ID needs its check character', () => {
  expect(module.check?.('11010519491231002X', f)).toBeNull();
  expect(module.check?.('11010519491231002x', f)).toBeNull();
  expect(module.check?.('110105194912310021', f)).toEqual({ code: 'cn_resident_id' });
  expect(module.check?.('1101051949123100', f)).toEqual({ code: 'cn_resident_id' });
});

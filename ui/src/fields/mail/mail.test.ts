import { expect, test } from 'vitest';
import { field } from '../shared/sample';
import module from '.';

const f = field({ type: 'mail' });
test('a mail address has one @ and a domain with a dot', () => {
  expect(module.check?.('a.b@example.cn', f)).toBeNull();
  expect(module.check?.('a@b', f)).toEqual({ code: 'mail' });
  expect(module.check?.('a b@example.cn', f)).toEqual({ code: 'mail' });
});

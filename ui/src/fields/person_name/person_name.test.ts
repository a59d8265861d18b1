import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'person_name' });
test('a name is held to its length', () => {
  expect(module.text('欧阳飞', f, names)).toBe('欧阳飞');
  expect(module.check?.('欧阳飞', { ...f, length_max: 2 })).toEqual({ code: 'length', named: { n: 2 } });
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'department' });
test('a department reads by name and is edited by number', () => {
  expect(module.text(12, f, names)).toBe('销售一部');
  expect(module.edit?.({ id: 12, name: '销售一部' })).toBe(12);
});

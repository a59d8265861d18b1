import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'tag' });
test('tags are free words', () => {
  expect(module.text(['展会', '老客户'], f, names)).toBe('展会、老客户');
  expect(module.edit?.(null)).toEqual([]);
});

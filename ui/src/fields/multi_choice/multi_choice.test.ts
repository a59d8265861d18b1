import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'multi_choice', choices: [{ key: 'a', label: { zh: '甲级', en: 'A' } }] });
test('several choices come as a list or as joined text', () => {
  expect(module.edit?.('a\u001fb')).toEqual(['a', 'b']);
  expect(module.text(['a', 'b'], f, names)).toBe('甲级、b');
});

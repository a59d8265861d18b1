import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'choice', choices: [{ key: 'a', label: { zh: '甲级', en: 'A' } }] });
test('a choice reads by its label, an unknown key as itself', () => {
  expect(module.text('a', f, names)).toBe('甲级');
  expect(module.text('zz', f, names)).toBe('zz');
});

import { expect, test } from 'vitest';
import { field, names } from '../shared/sample';
import module from '.';

const f = field({ type: 'long_text' });
test('long text takes the whole width and is searched by its words only', () => {
  expect(module.wide).toBe(true);
  expect(module.ops).not.toContain('eq');
  expect(module.text('a\nb', f, names)).toBe('a\nb');
});

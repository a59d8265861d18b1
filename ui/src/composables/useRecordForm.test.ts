import { expect, test } from 'vitest';
import type { Where } from '@/api/types';
import { holds } from './useRecordForm';

test('required_when holds in its short and its long form', () => {
  const values = { customer_type: 'company', grade: 'a' };
  expect(holds({ customer_type: 'company' } as unknown as Where, values)).toBe(true);
  expect(holds({ customer_type: 'person' } as unknown as Where, values)).toBe(false);
  expect(holds({ and: [{ field: 'grade', op: 'in', value: ['a', 'b'] }] }, values)).toBe(true);
  expect(holds({ not: { field: 'grade', op: 'eq', value: 'a' } }, values)).toBe(false);
  expect(holds(null, values)).toBe(false);
});

import { expect, test } from 'vitest';
import type { ObjectDef } from '@/api/types';
import { field } from '@/fields/shared/sample';
import { filtersOf, readState, whereOf, writeState } from './useListState';

const object = {
  name: 'customer',
  fields: [
    field({ name: 'grade', type: 'choice' }),
    field({ name: 'mobile', type: 'mobile', class: 'personal', filterable: false, matchable: ['exact'] }),
  ],
} as unknown as ObjectDef;
const empty = { filters: [], search: '', sort: [], page: 1, view: '', lost: false };

test('a filter on a plain field stands in the address and comes back', () => {
  const filters = [{ field: 'grade', op: 'in' as const, value: ['a'] }];
  const query = writeState({ ...empty, filters, sort: ['-grade'], page: 3 }, object);
  expect(readState(query)).toEqual({ ...empty, filters, sort: ['-grade'], page: 3 });
});
test('a filter on a sealed field never stands in the address', () => {
  const filters = [{ field: 'mobile', op: 'eq' as const, value: '13812345678' }];
  const query = writeState({ ...empty, filters }, object);
  expect(JSON.stringify(query)).not.toContain('138');
  expect(readState(query).filters).toEqual(filters);
});
test('what was searched for never stands in the address', () => {
  const query = writeState({ ...empty, search: '13812345678' }, object);
  expect(JSON.stringify(query)).not.toContain('138');
  expect(readState(query).search).toBe('13812345678');
});
test('an id that this page does not know says so', () => {
  expect(readState({ s: 'ffff' }).lost).toBe(true);
});
test('several conditions become one tree and come apart again', () => {
  const two = [
    { field: 'grade', op: 'eq' as const, value: 'a' },
    { field: 'grade', op: 'ne' as const, value: 'b' },
  ];
  expect(filtersOf(whereOf(two))).toEqual(two);
  expect(filtersOf(null)).toEqual([]);
});

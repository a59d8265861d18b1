import { expect, test } from 'vitest';
import { fieldFlaw, fieldModule, fieldOps, isSealed, toServer } from '.';
import { field } from './shared/sample';

test('a type that is not known is shown as text', () => {
  expect(fieldModule('hologram').text('x', field({}), { user: String, department: String })).toBe('x');
});
test('a sealed field offers only the look-ups that the server allows', () => {
  const mobile = field({
    type: 'mobile',
    class: 'personal',
    filterable: false,
    matchable: ['exact', 'suffix'],
  });
  expect(fieldOps(mobile)).toEqual(['eq', 'ends_with']);
  expect(fieldOps({ ...mobile, matchable: [] })).toEqual([]);
  expect(isSealed(mobile)).toBe(true);
});
test('required refuses nothing, not zero', () => {
  expect(fieldFlaw('', field({}), true)).toEqual({ code: 'required' });
  expect(fieldFlaw('', field({}), false)).toBeNull();
  expect(fieldFlaw('0', field({ type: 'integer' }), true)).toBeNull();
});
test('an emptied field is sent as null', () => {
  expect(toServer('', field({}))).toBeNull();
  expect(toServer([], field({ type: 'tag' }))).toBeNull();
});

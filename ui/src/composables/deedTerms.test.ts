import { expect, test } from 'vitest';
import type { ActTerms } from '@/api/deeds';
import { changesOf, executiveChange } from './deedTerms';

const was: ActTerms = { above: 20, reason: true, second_factor_minutes: 15 };
const looser = (now: ActTerms) => changesOf({ delete: was }, { delete: { ...was, ...now } })[0]?.looser;

test('what asks less or later is looser, what asks more is not', () => {
  expect(changesOf({ delete: was }, { delete: { ...was } })).toEqual([]);
  expect(looser({ above: 21 })).toBe(true);
  expect(looser({ above: 5 })).toBe(false);
  expect(looser({ reason: false })).toBe(true);
  expect(looser({ approval: true })).toBe(false);
  expect(changesOf({ delete: { approval: true } }, { delete: { reason: true } })[0]?.looser).toBe(true);
  expect(looser({ second_factor_minutes: 0 })).toBe(true);
  expect(looser({ second_factor_minutes: 30 })).toBe(true);
  expect(looser({ second_factor_minutes: 5 })).toBe(false);
});

test('an act of which nothing was asked cannot become looser', () => {
  expect(changesOf({}, { import: { above: 500, reason: true } })[0]?.looser).toBe(false);
  expect(changesOf({}, { import: { above: 500 } })).toEqual([]);
});

const rights = (more: object) => ({ rights: { roles: ['boss', 'head_office'], reason: true, ...more } });
const executives = (more: object) => executiveChange(rights({}), rights(more))?.looser;

test('of executives a dropped role asks less, one more asks more, order is nothing', () => {
  expect(executives({})).toBeUndefined();
  expect(executives({ roles: ['head_office', 'boss'] })).toBeUndefined();
  expect(executives({ roles: ['boss'] })).toBe(true);
  expect(executives({ roles: ['boss', 'head_office', 'finance'] })).toBe(false);
  expect(executives({ roles: ['boss', 'finance'] })).toBe(true);
  expect(executives({ approval: true })).toBe(false);
  expect(executives({ reason: false, approval: true })).toBe(true);
  expect(executives({ second_factor_minutes: 15 })).toBe(false);
  expect(executiveChange(rights({}), {})?.looser).toBe(true);
  expect(executiveChange({}, rights({}))?.looser).toBe(false);
  expect(executiveChange({}, { rights: { roles: ['boss'] } })).toBeNull();
});

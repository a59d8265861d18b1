import { expect, test } from 'vitest';
import { budgetLines, tightest } from './useBudgets';

const budgets = {
  clear: { personal: { minute: { used: 3, limit: 60 }, day: { used: 1990, limit: 2000 } } },
  lookups: { hour: { used: 1, limit: null } },
};

test('budgets become lines, with and without classes', () => {
  expect(budgetLines(budgets).map((l) => `${l.kind}/${l.cls}/${l.window}`)).toEqual([
    'clear/personal/minute',
    'clear/personal/day',
    'lookups//hour',
  ]);
});
test('the tightest line is what runs out first; no limit never does', () => {
  expect(tightest(budgetLines(budgets)).map((l) => l.window)).toEqual(['day']);
});

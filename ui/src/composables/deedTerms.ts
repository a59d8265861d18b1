/* What a new register of high-risk acts changes, and which of it asks less than before. */
import { ACTS, type ActName, type ActTerms, type HighRisk } from '@/api/deeds';

/* An act's terms with nothing left out; no minutes: no second factor is asked. */
export interface Terms {
  above: number;
  reason: boolean;
  minutes: number;
}
export interface TermChange {
  act: ActName;
  before: Terms;
  after: Terms;
  looser: boolean;
}

export const termsOf = (one: ActTerms | undefined): Terms => ({
  above: one?.above ?? 0,
  reason: one?.reason ?? false,
  minutes: one?.second_factor_minutes ?? 0,
});
const asksNothing = (a: Terms) => !a.reason && !a.minutes;
const same = (a: Terms, b: Terms) =>
  (asksNothing(a) && asksNothing(b)) ||
  (a.above === b.above && a.reason === b.reason && a.minutes === b.minutes);

function isLooser(before: Terms, after: Terms): boolean {
  if (asksNothing(before)) return false;
  return (
    after.above > before.above ||
    (before.reason && !after.reason) ||
    (before.minutes > 0 && (!after.minutes || after.minutes > before.minutes))
  );
}

export function changesOf(old: HighRisk, now: HighRisk): TermChange[] {
  return ACTS.flatMap((act) => {
    const before = termsOf(old[act]);
    const after = termsOf(now[act]);
    return same(before, after) ? [] : [{ act, before, after, looser: isLooser(before, after) }];
  });
}

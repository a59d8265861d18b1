/* What a new register of high-risk acts changes, and which of it asks less than before. */
import { ACTS, type ActName, type ActTerms, type HighRisk, type RightsTerms } from '@/api/deeds';

/* An act's terms with nothing left out; no minutes: no second factor is asked. */
export interface Terms {
  above: number;
  reason: boolean;
  minutes: number;
  approval: boolean;
}
export interface TermChange {
  act: ActName;
  before: Terms;
  after: Terms;
  looser: boolean;
}

/* Of executives' rights: whose, and what. */
export interface Executives extends Terms {
  roles: string[];
}

export const termsOf = (one: ActTerms | undefined): Terms => ({
  above: one?.above ?? 0,
  reason: one?.reason ?? false,
  minutes: one?.second_factor_minutes ?? 0,
  approval: one?.approval ?? false,
});
const asksNothing = (a: Terms) => !a.reason && !a.minutes && !a.approval;
const same = (a: Terms, b: Terms) =>
  (asksNothing(a) && asksNothing(b)) ||
  (a.above === b.above && a.reason === b.reason && a.minutes === b.minutes && a.approval === b.approval);

/* Of the second factor: none or an older one is less. */
const isLater = (before: number, after: number) => before > 0 && (!after || after > before);

function isLooser(before: Terms, after: Terms): boolean {
  if (asksNothing(before)) return false;
  return (
    after.above > before.above ||
    (before.reason && !after.reason) ||
    (before.approval && !after.approval) ||
    isLater(before.minutes, after.minutes)
  );
}

export function changesOf(old: HighRisk, now: HighRisk): TermChange[] {
  return ACTS.flatMap((act) => {
    const before = termsOf(old[act]);
    const after = termsOf(now[act]);
    return same(before, after) ? [] : [{ act, before, after, looser: isLooser(before, after) }];
  });
}

/* Roles of which nothing is asked are none. */
export function executivesOf(one: RightsTerms | undefined): Executives {
  const terms = termsOf(one);
  return { ...terms, roles: asksNothing(terms) ? [] : [...(one?.roles ?? [])] };
}

export function executiveChange(old: HighRisk, now: HighRisk) {
  const before = executivesOf(old.rights);
  const after = executivesOf(now.rights);
  const kept = before.roles.filter((role) => after.roles.includes(role));
  const alike = kept.length === before.roles.length && kept.length === after.roles.length;
  if (alike && (!kept.length || same(before, after))) return null;
  const dropped = kept.length < before.roles.length;
  return { before, after, looser: dropped || (before.roles.length > 0 && isLooser(before, after)) };
}

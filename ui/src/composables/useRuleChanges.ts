/* What a proposed document of the company or of a role changes of the one that stands, in words: documents are
 * written whole, so the rest of them is no news. */
import { useI18n } from 'vue-i18n';
import type { CompanyDocument, RoleDocument, SignInRules } from '@/api/types';
import { useDeedText } from './useDeedText';

type RuleDocument = Omit<CompanyDocument, 'budget'> &
  Partial<Omit<RoleDocument, 'budget'>> & { budget?: unknown };

export function useRuleChanges(roleOf: (name: string) => string) {
  const { t, te } = useI18n();
  const deeds = useDeedText();
  const hours = (h: SignInRules['hours']) =>
    h
      ? `${h.days.map((d) => t(`signInRules.day.${d}`)).join(' ')} ${h.from}:00–${h.to}:00`
      : t('signInRules.anyTime');
  const factor = (f: unknown) =>
    typeof f === 'string'
      ? t(`signInRules.demand.${f}`)
      : t(f ? 'signInRules.demanded' : 'signInRules.notDemanded');
  const raw = (v: unknown) => (v === undefined ? '—' : typeof v === 'object' ? JSON.stringify(v) : String(v));

  function parts(document: RuleDocument | null | undefined): Map<string, string> {
    const { sign_in: rules, ...rest } = document ?? {};
    const out = new Map<string, string>();
    out.set(t('signInRules.networks'), rules?.networks?.join(' ') || t('signInRules.anywhere'));
    out.set(t('signInRules.hours'), hours(rules?.hours));
    out.set(t('signInRules.factor'), factor(rules?.second_factor));
    out.set(t('signInRules.passwords'), raw(rules?.passwords));
    for (const [key, value] of Object.entries(rest)) {
      if (key === 'version' || key === 'id' || key === 'high_risk') continue;
      const path = { budget: 'signInRules.budgets', ceiling: 'signInRules.ceiling' }[key] ?? `people.${key}`;
      out.set(te(path) ? t(path) : key, raw(value));
    }
    return out;
  }
  return (before: RuleDocument | null | undefined, after: RuleDocument) => {
    const was = parts(before);
    const is = parts(after);
    const lines = [...new Set([...was.keys(), ...is.keys()])]
      .filter((key) => was.get(key) !== is.get(key))
      .map((key) => ({ what: key, value: `${was.get(key) ?? '—'} → ${is.get(key) ?? '—'}` }));
    const acts = deeds.changes(before?.high_risk ?? {}, after.high_risk ?? {}, roleOf);
    return [...lines, ...acts.map((c) => ({ what: c.act, value: `${c.before} → ${c.after}` }))];
  };
}

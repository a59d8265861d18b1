/* High-risk acts in words. */
import { useI18n } from 'vue-i18n';
import type { Wanted } from '@/api/client';
import type { HighRisk } from '@/api/deeds';
import { mark } from '@/i18n';
import { changesOf, executiveChange, type Executives, type Terms } from './deedTerms';

export function useDeedText() {
  const { t, te } = useI18n();
  const act = (name: string) =>
    te(`deeds.act.${name}`) ? t(`deeds.act.${name}`) : te(`act.${name}`) ? t(`act.${name}`) : name;
  const when = (one: Terms) => (one.above ? t('deeds.above', { n: one.above }) : t('deeds.each'));
  function asks(one: Terms | Executives): string[] {
    const out: string[] = [];
    if (one.approval) out.push(t('roles' in one ? 'deeds.twoBox' : 'deeds.needsApproval'));
    if (one.reason) out.push(t('deeds.needsReason'));
    if (one.minutes) out.push(t('deeds.needsFactor', { n: one.minutes }));
    return out;
  }
  const terms = (one: Terms) =>
    asks(one).length ? `${when(one)}${mark('：')}${asks(one).join(mark('、'))}` : t('deeds.nothing');
  function because(wanted: Wanted): string {
    if (wanted.act === 'rights') return t('deeds.becauseRights');
    const named = { act: act(wanted.act), n: wanted.count ?? 0, above: wanted.above ?? 0 };
    if (wanted.above === undefined) return t('deeds.becausePolicy', named);
    return t(wanted.above ? 'deeds.becauseMany' : 'deeds.becauseEach', named);
  }
  const executives = (one: Executives, roleOf: (name: string) => string) =>
    one.roles.length
      ? `${one.roles.map(roleOf).join(mark('、'))}${mark('：')}${asks(one).join(mark('、'))}`
      : t('deeds.nothing');
  function changes(old: HighRisk, now: HighRisk, roleOf: (name: string) => string) {
    const out = changesOf(old, now).map((c) => ({
      key: c.act as string,
      act: act(c.act),
      before: terms(c.before),
      after: terms(c.after),
      looser: c.looser,
    }));
    const rights = executiveChange(old, now);
    if (!rights) return out;
    const words = { before: executives(rights.before, roleOf), after: executives(rights.after, roleOf) };
    return [...out, { key: 'rights', act: act('rights'), ...words, looser: rights.looser }];
  }
  return { act, when, asks, terms, because, changes };
}

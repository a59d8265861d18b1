/* High-risk acts in words. */
import { useI18n } from 'vue-i18n';
import type { Wanted } from '@/api/client';
import type { HighRisk } from '@/api/deeds';
import { mark } from '@/i18n';
import { changesOf, type Terms } from './deedTerms';

export function useDeedText() {
  const { t, te } = useI18n();
  const act = (name: string) =>
    te(`deeds.act.${name}`) ? t(`deeds.act.${name}`) : te(`act.${name}`) ? t(`act.${name}`) : name;
  const when = (one: Terms) => (one.above ? t('deeds.above', { n: one.above }) : t('deeds.each'));
  function asks(one: Terms): string[] {
    const out: string[] = [];
    if (one.approval) out.push(t('deeds.needsApproval'));
    if (one.reason) out.push(t('deeds.needsReason'));
    if (one.minutes) out.push(t('deeds.needsFactor', { n: one.minutes }));
    return out;
  }
  const terms = (one: Terms) =>
    asks(one).length ? `${when(one)}${mark('：')}${asks(one).join(mark('、'))}` : t('deeds.nothing');
  function because(wanted: Wanted): string {
    const named = { act: act(wanted.act), n: wanted.count ?? 0, above: wanted.above ?? 0 };
    if (wanted.count === undefined) return t('deeds.becausePolicy', named);
    return t(wanted.above ? 'deeds.becauseMany' : 'deeds.becauseEach', named);
  }
  const changes = (old: HighRisk, now: HighRisk) =>
    changesOf(old, now).map((c) => ({
      key: c.act as string,
      act: act(c.act),
      before: terms(c.before),
      after: terms(c.after),
      looser: c.looser,
    }));
  return { act, when, asks, terms, because, changes };
}

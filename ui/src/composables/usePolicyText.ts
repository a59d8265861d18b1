/* A matrix's grants in words. */
import { mark } from '@/i18n';
import { useI18n } from 'vue-i18n';
import type { Directory } from '@/api/types';
import type { Grant, Terms } from '@/api/policies';

export function usePolicyText(directory: () => Directory) {
  const { t, tm } = useI18n();
  const department = (id: number) =>
    directory().departments.find((d) => Number(d.id) === id)?.name ?? String(id);
  const day = (n: number) => (tm('policies.days') as string[])[n - 1] ?? '';

  function conditions(g: Partial<Terms>): string[] {
    const out: string[] = [];
    if (g.people) out.push(t('policies.short.people', { name: department(g.people) }));
    if (g.hours) out.push(t('policies.short.hours', { from: g.hours[0], to: g.hours[1] }));
    if (g.weekdays?.length) {
      const work = g.weekdays.join() === '1,2,3,4,5';
      out.push(work ? t('policies.workdays') : g.weekdays.map(day).join(mark('、')));
    }
    if (g.network)
      out.push(['office', 'outside'].includes(g.network) ? t(`policies.${g.network}`) : g.network);
    if (g.second_factor) out.push(t('policies.short.factor', { n: g.second_factor }));
    if (g.reason) out.push(t('policies.short.reason'));
    if (g.approval) out.push(t('policies.short.approval'));
    if (g.watermark) out.push(t('policies.short.watermark'));
    return out;
  }
  function grantText(g: Grant): string {
    if (g.by_hand) return t('policies.byHand');
    const words = [t(`policies.scopes.${g.scope}`), ...conditions(g)];
    if (g.effect === 'forbid') words.unshift(t('policies.forbidden'));
    return words.join(' · ');
  }
  /* The cell in few words: a forbid for all rows first, else what is given. */
  function cellText(cell: Grant[]): string {
    const forbid = cell.find(
      (g) => g.effect === 'forbid' && !g.by_hand && g.scope === 'all' && !conditions(g).length,
    );
    if (forbid) return t('policies.forbidden');
    const given = cell.filter((g) => g.effect === 'permit');
    if (!given.length) return cell.some((g) => g.by_hand) ? t('policies.byHand') : t('policies.none');
    const first = grantText(given[0] as Grant);
    return given.length > 1 ? `${first} +${given.length - 1}` : first;
  }
  return { conditions, grantText, cellText, day, department };
}

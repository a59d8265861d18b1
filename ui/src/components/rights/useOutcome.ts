/* Says what became of several acts that were asked for at once. */
import { useI18n } from 'vue-i18n';
import type { Outcome } from '@/api/rights';
import { useToasts } from '@/stores/toasts';

export function useOutcome(nameOf: (user: number) => string) {
  const { t } = useI18n();
  const toasts = useToasts();
  return (items: Outcome[]) => {
    const count = (outcome: string) => items.filter((i) => i.outcome === outcome).length;
    if (count('done')) toasts.good(t('rights.done', { n: count('done') }));
    if (count('proposed')) toasts.good(t('rights.proposed', { n: count('proposed') }));
    for (const one of items.filter((i) => i.outcome === 'refused').slice(0, 5))
      toasts.bad(t('rights.refused', { name: nameOf(one.user), text: one.message ?? one.code ?? '' }));
  };
}

import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Met, Wanted } from '@/api/client';

interface Question {
  wanted: Wanted;
  waiting: ((met: Met | null) => void)[];
}
/* What may be answered once for several: the terms, not how many it was. */
const terms = ({ act, reason, second_factor_minutes, approval, records }: Wanted) =>
  JSON.stringify([act, reason, second_factor_minutes, approval, approval && records]);

/* One question at a time: acts that are refused meanwhile for the same wait for the same answer, others for their turn. */
export const useStepUp = defineStore('stepUp', () => {
  const questions = shallowRef<Question[]>([]);
  const asking = computed(() => questions.value[0] ?? null);
  const number = ref(0);

  function ask(wanted: Wanted): Promise<Met | null> {
    return new Promise((done) => {
      const same = questions.value.find((q) => terms(q.wanted) === terms(wanted));
      if (same) same.waiting.push(done);
      else questions.value = [...questions.value, { wanted, waiting: [done] }];
    });
  }
  function end(met: Met | null) {
    const [first, ...rest] = questions.value;
    questions.value = rest;
    number.value++;
    for (const done of first?.waiting ?? []) done(met);
  }
  return { asking, number, ask, end };
});

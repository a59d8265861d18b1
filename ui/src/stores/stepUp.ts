import { defineStore } from 'pinia';
import { ref } from 'vue';

/* One question at a time: acts that are refused meanwhile wait for the same answer. */
export const useStepUp = defineStore('stepUp', () => {
  const asking = ref(false);
  let waiting: ((shown: boolean) => void)[] = [];

  function ask(): Promise<boolean> {
    asking.value = true;
    return new Promise((done) => waiting.push(done));
  }
  function end(shown: boolean) {
    asking.value = false;
    const all = waiting;
    waiting = [];
    for (const done of all) done(shown);
  }
  return { asking, ask, end };
});

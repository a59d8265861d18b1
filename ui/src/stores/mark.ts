import { defineStore } from 'pinia';
import { ref } from 'vue';

/* Whether something on this page is shown under a watermark alone: an answer said so since the page was opened. */
export const useMark = defineStore('mark', () => {
  const asked = ref(false);
  const ask = () => (asked.value = true);
  const leave = () => (asked.value = false);
  return { asked, ask, leave };
});

/* Clear values that were just revealed: held in memory for 60 seconds, dropped on leaving or hiding the page. */
import { onScopeDispose, reactive, ref } from 'vue';
import { records } from '@/api';
import { useSession } from '@/stores/session';

export const REVEAL_SECONDS = 60;

export function useReveal() {
  const values = reactive<Record<string, unknown>>({});
  const left = ref(0);
  const audit = ref(0);
  let timer = 0;

  function hide() {
    window.clearInterval(timer);
    for (const name of Object.keys(values)) delete values[name];
    left.value = 0;
  }
  async function reveal(object: string, id: string, fields: string[], reason: string): Promise<void> {
    const answer = await records.reveal(object, id, fields, reason);
    Object.assign(values, answer.values);
    audit.value = answer.audit;
    left.value = REVEAL_SECONDS;
    window.clearInterval(timer);
    const until = Date.now() + REVEAL_SECONDS * 1000;
    timer = window.setInterval(() => {
      left.value = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (left.value === 0) hide();
    }, 500);
    void useSession()
      .refresh()
      .catch(() => undefined);
  }
  const onHidden = () => document.visibilityState === 'hidden' && hide();
  document.addEventListener('visibilitychange', onHidden);
  window.addEventListener('pagehide', hide);
  onScopeDispose(() => {
    hide();
    document.removeEventListener('visibilitychange', onHidden);
    window.removeEventListener('pagehide', hide);
  });
  return { values, left, audit, hide, reveal };
}
export type Revealed = ReturnType<typeof useReveal>;

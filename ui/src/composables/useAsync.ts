/* Loads something, keeps the newest answer only, and says how it stands. */
import { onScopeDispose, ref, shallowRef, type Ref } from 'vue';
import { isAbort } from '@/api/client';

export interface Loaded<T> {
  data: Ref<T | null>;
  error: Ref<unknown>;
  busy: Ref<boolean>;
  run: () => Promise<void>;
}

export function useAsync<T>(load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null) as Ref<T | null>;
  const error = shallowRef<unknown>(null);
  const busy = ref(false);
  let control: AbortController | null = null;

  async function run(): Promise<void> {
    control?.abort();
    const mine = new AbortController();
    control = mine;
    busy.value = true;
    try {
      const answer = await load(mine.signal);
      if (control === mine) {
        data.value = answer;
        error.value = null;
      }
    } catch (problem) {
      if (control === mine && !isAbort(problem)) error.value = problem;
    } finally {
      if (control === mine) busy.value = false;
    }
  }
  onScopeDispose(() => control?.abort());
  return { data, error, busy, run };
}

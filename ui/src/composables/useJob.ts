/* Follows a job: server-sent events while they flow, asking every two seconds when they don't. */
import { onScopeDispose, ref, shallowRef } from 'vue';
import { jobs } from '@/api';
import type { Job } from '@/api/types';

const ENDED = ['done', 'failed', 'cancelled', 'canceled', 'undone', 'error'];
export const hasEnded = (job: Job | null): boolean => !!job && ENDED.includes(job.state);

export function useJob(onEnd: (job: Job) => void) {
  const job = shallowRef<Job | null>(null);
  const live = ref(false);
  const rate = ref(0);
  let source: EventSource | null = null;
  let timer = 0;
  let first: { at: number; done: number } | null = null;
  let told = false;

  function stop() {
    source?.close();
    source = null;
    live.value = false;
    window.clearTimeout(timer);
  }
  function take(next: Job) {
    job.value = next;
    const done = next.progress?.done ?? 0;
    first ??= { at: Date.now(), done };
    const seconds = (Date.now() - first.at) / 1000;
    if (seconds > 1) rate.value = Math.round((done - first.done) / seconds);
    if (hasEnded(next) && !told) {
      told = true;
      stop();
      onEnd(next);
    }
  }
  async function poll(id: string) {
    try {
      take(await jobs.get(id));
    } catch {
      // A moment without the server is no end of the job: keep asking.
    }
    if (!told) timer = window.setTimeout(() => void poll(id), 2000);
  }
  function follow(id: string) {
    stop();
    told = false;
    first = null;
    rate.value = 0;
    job.value = null;
    void jobs.get(id).then(take, () => undefined);
    source = new EventSource(jobs.eventsUrl(id));
    const onData = (event: MessageEvent<string>) => {
      live.value = true;
      try {
        take(JSON.parse(event.data) as Job);
      } catch {
        // Half an event: the next one says it all again.
      }
    };
    source.addEventListener('progress', onData);
    source.addEventListener('message', onData);
    source.addEventListener('error', () => {
      if (told) return;
      stop();
      timer = window.setTimeout(() => void poll(id), 500);
    });
  }
  onScopeDispose(stop);
  return { job, live, rate, follow, stop };
}

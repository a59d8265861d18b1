/* Follows a job: server-sent events while they flow, asking every two seconds when they don't. */
import { onScopeDispose, ref, shallowRef } from 'vue';
import { jobs } from '@/api';
import { Problem } from '@/api/client';
import type { Job } from '@/api/types';

const ENDED = ['done', 'failed', 'cancelled', 'canceled', 'undone', 'error'];
export const hasEnded = (job: Job | null): boolean => !!job && ENDED.includes(job.state);

/* `following` from the moment a job is followed until it has ended and what its end asked for is done: also while
 * nothing is known of it yet. Answers can overtake each other (events and questions travel apart): what comes after
 * the end, or of a job that is followed no more, is dropped. */
export function useJob(onEnd: (job: Job) => void | Promise<void>) {
  const job = shallowRef<Job | null>(null);
  const live = ref(false);
  const rate = ref(0);
  const following = ref(false);
  let source: EventSource | null = null;
  let timer = 0;
  let first: { at: number; done: number } | null = null;
  let turn = 0; // a new one with each job that is followed, and with each end

  function stop() {
    turn++;
    source?.close();
    source = null;
    live.value = false;
    window.clearTimeout(timer);
  }
  async function end(last: Job) {
    stop();
    const mine = turn;
    await onEnd(last);
    if (mine === turn) following.value = false;
  }
  function take(mine: number, next: Job) {
    if (mine !== turn) return;
    job.value = next;
    const done = next.progress?.done ?? 0;
    first ??= { at: Date.now(), done };
    const seconds = (Date.now() - first.at) / 1000;
    if (seconds > 1) rate.value = Math.round((done - first.done) / seconds);
    if (hasEnded(next)) void end(next);
  }
  async function poll(mine: number, id: string) {
    try {
      take(mine, await jobs.get(id));
    } catch (error) {
      // A moment without the server is no end of the job: keep asking. One that is not there any more has none.
      if (mine === turn && error instanceof Problem && error.status === 404) {
        stop();
        following.value = false;
      }
    }
    if (mine === turn) timer = window.setTimeout(() => void poll(mine, id), 2000);
  }
  function listen(mine: number, id: string) {
    source = new EventSource(jobs.eventsUrl(id));
    const onData = (event: MessageEvent<string>) => {
      if (mine !== turn) return;
      live.value = true;
      try {
        take(mine, JSON.parse(event.data) as Job);
      } catch {
        // Half an event: the next one says it all again.
      }
    };
    source.addEventListener('progress', onData);
    source.addEventListener('message', onData);
    source.addEventListener('error', () => {
      if (mine !== turn) return;
      source?.close();
      live.value = false;
      timer = window.setTimeout(() => void poll(mine, id), 500);
    });
  }
  function follow(id: string) {
    stop();
    const mine = turn;
    following.value = true;
    first = null;
    rate.value = 0;
    job.value = null;
    void jobs.get(id).then(
      (now) => take(mine, now),
      () => undefined,
    );
    listen(mine, id);
  }
  onScopeDispose(stop);
  return { job, live, rate, following, follow, stop };
}

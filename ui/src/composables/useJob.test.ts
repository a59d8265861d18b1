import { effectScope } from 'vue';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '@/api/client';
import type { Job } from '@/api/types';
import { useJob } from './useJob';

const asked: ((job: Job) => void)[] = [];
const refused: ((why: Problem) => void)[] = [];
vi.mock('@/api', () => ({
  jobs: {
    get: () =>
      new Promise<Job>((resolve, reject) => {
        asked.push(resolve);
        refused.push(reject);
      }),
    eventsUrl: (id: string) => `/api/v1/jobs/${id}/events`,
  },
}));

class Stream {
  static all: Stream[] = [];
  closed = false;
  private ears: Record<string, (event: unknown) => void> = {};
  constructor() {
    Stream.all.push(this);
  }
  addEventListener(name: string, act: (event: unknown) => void) {
    this.ears[name] = act;
  }
  close() {
    this.closed = true;
  }
  tell(job: Job) {
    this.ears.progress?.({ data: JSON.stringify(job) });
  }
  fail() {
    this.ears.error?.({});
  }
}

const job = (state: string, done = 0) => ({ id: 'j', state, progress: { done, total: 9 } }) as unknown as Job;
const turn = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

beforeEach(() => {
  asked.length = refused.length = 0;
  Stream.all = [];
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('window', globalThis);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function watch(onEnd: (job: Job) => void | Promise<void> = () => undefined) {
  const scope = effectScope();
  const watcher = scope.run(() => useJob(onEnd))!;
  return { scope, watcher };
}

test('an answer that comes after the end does not bring the job back to life', async () => {
  const ended = vi.fn();
  const { watcher } = watch(ended);
  watcher.follow('j');
  Stream.all[0]?.tell(job('done', 9));
  await turn();
  asked[0]?.(job('running', 3));
  await turn();
  expect(watcher.job.value?.state).toBe('done');
  expect(watcher.following.value).toBe(false);
  expect(ended).toHaveBeenCalledTimes(1);
});

test('a job is followed before anything is known of it, and until its end has been dealt with', async () => {
  let settle = () => {};
  const { watcher } = watch(() => new Promise<void>((resolve) => (settle = resolve)));
  expect(watcher.following.value).toBe(false);
  watcher.follow('j');
  expect(watcher.following.value).toBe(true);
  asked[0]?.(job('done', 9));
  await turn();
  expect(watcher.following.value).toBe(true);
  settle();
  await turn();
  expect(watcher.following.value).toBe(false);
});

test('without events the job is asked for until it ends', async () => {
  const ended = vi.fn();
  const { watcher } = watch(ended);
  watcher.follow('j');
  asked[0]?.(job('running', 1));
  await turn();
  Stream.all[0]?.fail();
  for (const [after, state] of [
    [500, 'running'],
    [2000, 'done'],
  ] as const) {
    vi.advanceTimersByTime(after);
    asked.at(-1)?.(job(state));
    await turn();
    await turn();
  }
  expect(ended).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10000);
  expect(asked.length).toBe(3);
  expect(watcher.following.value).toBe(false);
});

test('a job that is not there any more is not waited for; a server that is away is', async () => {
  const { watcher } = watch();
  watcher.follow('j');
  Stream.all[0]?.fail();
  vi.advanceTimersByTime(500);
  refused[1]?.(new Problem(503, {}));
  await turn();
  await turn();
  expect(watcher.following.value).toBe(true);
  vi.advanceTimersByTime(2000);
  refused[2]?.(new Problem(404, {}));
  await turn();
  await turn();
  expect(watcher.following.value).toBe(false);
});

test('the answer about a job that was followed before is dropped', async () => {
  const { watcher } = watch();
  watcher.follow('a');
  watcher.follow('b');
  asked[0]?.(job('done', 9));
  await turn();
  expect(watcher.job.value).toBe(null);
  expect(watcher.following.value).toBe(true);
  expect(Stream.all[0]?.closed).toBe(true);
});

test('nothing is asked once the page is gone', async () => {
  const { scope, watcher } = watch();
  watcher.follow('j');
  Stream.all[0]?.fail();
  vi.advanceTimersByTime(500);
  expect(asked.length).toBe(2);
  scope.stop();
  asked[1]?.(job('running'));
  await turn();
  vi.advanceTimersByTime(10000);
  expect(asked.length).toBe(2);
});

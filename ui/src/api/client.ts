/* The one place that speaks HTTP. Every write carries the CSRF token and an Idempotency-Key; every failure becomes a
 * Problem, also when the network is down, so that pages know one kind of error. */
import type { FieldError, RecordRow } from './types';

/* What an act still asks of the person, as a refusal names it (docs/api.md). */
export interface Wanted {
  act: string;
  reason?: boolean;
  second_factor_minutes?: number | null;
  count?: number;
  above?: number;
  approval?: boolean; // somebody has to approve it first
  object?: string | null;
  records?: string[]; // which it was about, where that is known
}
export interface Met {
  reason?: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors: FieldError[];
  readonly retryAfter: number;
  readonly current: RecordRow | null;
  readonly required: Wanted | null;

  constructor(status: number, body: Record<string, unknown>, retryAfter = 0) {
    super(String(body.title ?? ''));
    this.status = status;
    this.code = String(body.code ?? `http_${status}`);
    this.detail = String(body.detail ?? '');
    this.requestId = String(body.request_id ?? '');
    this.errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : [];
    this.retryAfter = retryAfter;
    this.current = (body.current as RecordRow | undefined) ?? null;
    this.required = (body.required as Wanted | undefined) ?? null;
  }
}

export interface CallOptions {
  body?: unknown;
  bytes?: Blob;
  query?: Record<string, string | number | boolean | null | undefined>;
  version?: number;
  key?: string;
  signal?: AbortSignal;
  reason?: string; // why it is done, where the act asks for it
  tries?: number; // how often it has been asked for more already
}

const state = {
  csrf: '',
  language: 'zh',
  signedOut: () => {},
  meet: (async () => null) as (wanted: Wanted) => Promise<Met | null>,
  marked: () => {},
};

export function setCsrf(token: string): void {
  state.csrf = token;
}
export function setLanguage(language: string): void {
  state.language = language;
}
/* Asks the person for what is missing; null when he gave it up, else what was refused is tried again. */
export function onWanted(ask: (wanted: Wanted) => Promise<Met | null>): void {
  state.meet = ask;
}
/* Told of each answer that policy lets be shown under a watermark alone. */
export function onMarked(act: () => void): void {
  state.marked = act;
}
export const meet = (wanted: Wanted): Promise<Met | null> => state.meet(wanted);
export function onSignedOut(act: () => void): void {
  state.signedOut = act;
}

export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

function urlOf(path: string, query: CallOptions['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

function headersOf(method: string, options: CallOptions): Headers {
  const headers = new Headers({ Accept: 'application/json', 'Accept-Language': state.language });
  if (method !== 'GET') {
    if (state.csrf) headers.set('X-CSRF-Token', state.csrf);
    headers.set('Idempotency-Key', options.key ?? newKey());
  }
  if (options.reason) headers.set('X-Reason', encodeURIComponent(options.reason));
  if (options.version !== undefined) headers.set('If-Match', `"${options.version}"`);
  if (options.bytes) headers.set('Content-Type', 'application/octet-stream');
  else if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  return headers;
}

async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // A proxy's own page, not the server's: the status has to do.
  }
  return new Problem(response.status, body, Number(response.headers.get('Retry-After')) || 0);
}

/* Asked for a factor it may turn out that a reason is missing, too; who is asked for ever does not get on. */
const TRIES = 3;
function wantedOf(problem: Problem): Wanted | null {
  if (problem.status !== 403) return null;
  if (problem.required) return problem.required;
  return problem.code === 'second_factor_required' ? { act: '', second_factor_minutes: 0 } : null;
}
const sameKey = (problem: Problem, key: string, options: CallOptions) =>
  problem.required ? key : options.key;
const tried = (met: Met, options: CallOptions): CallOptions => ({
  reason: met.reason ?? options.reason,
  tries: (options.tries ?? 0) + 1,
});
/* An approval may be bound to the one record that the request names. */
function aboutRecord(wanted: Wanted, path: string): Wanted {
  const id = /^\/records\/[^/]+\/([0-9a-f-]{36})(\/|$)/.exec(path)?.[1];
  return wanted.approval && id ? { ...wanted, records: [id] } : wanted;
}

export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  let response: Response;
  const key = options.key ?? newKey();
  try {
    response = await fetch(urlOf(path, options.query), {
      method,
      headers: headersOf(method, { ...options, key }),
      body: options.bytes ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, { code: 'network' });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  const wanted = wantedOf(problem);
  if (wanted && (options.tries ?? 0) < TRIES) {
    const met = await state.meet(aboutRecord(wanted, path));
    if (met)
      return send(method, path, { ...options, key: sameKey(problem, key, options), ...tried(met, options) });
  }
  if (problem.status === 401 && problem.code !== 'sign_in_failed') state.signedOut();
  throw problem;
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (answer?.watermark === true || answer?._watermark === true) state.marked();
  return answer as T;
}

export const get = <T>(path: string, options?: CallOptions) => call<T>('GET', path, options);
export const post = <T>(path: string, body?: unknown, options?: CallOptions) =>
  call<T>('POST', path, { ...options, body: body ?? {} });
export const patch = <T>(path: string, body: unknown, options?: CallOptions) =>
  call<T>('PATCH', path, { ...options, body });
export const del = <T>(path: string, options?: CallOptions) => call<T>('DELETE', path, options);

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

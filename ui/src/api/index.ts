/* One function a call of docs/api.md; nothing here but paths and shapes. */
import type { News } from './access';
import { bulk, type BulkItem } from './bulk';
import { del, get, patch, post, Problem, send, type CallOptions } from './client';
import type * as S from './scim_types';
import type * as H from './handover_types';
import type { PeopleImport } from './peopleImport';
import type * as T from './types';

const rec = (object: string, id?: string) =>
  `/records/${encodeURIComponent(object)}${id ? `/${encodeURIComponent(id)}` : ''}`;

export const session = {
  signIn: (login: string, password: string) =>
    post<{ csrf: string; me: T.Me }>('/session', { login, password }),
  passkeyChallenge: () => post<T.PasskeyChallenge>('/session/passkey/challenge'),
  passkeySignIn: (answer: T.PasskeyAnswer) => post<{ csrf: string; me: T.Me }>('/session/passkey', answer),
  signOut: () => del<void>('/session'),
  me: () => get<T.Me>('/me'),
  changePassword: (old: string, fresh: string) => post<void>('/me/password', { old, new: fresh }),
  list: () => get<{ items: T.SessionItem[] }>('/sessions'),
  /* One of one's own, or all but this one. */
  end: (id: string | null, password: string) =>
    post<{ ended: number } | undefined>('/sessions/end', {
      ...(id ? { id } : {}),
      ...(password ? { password } : {}),
    }),
  endEverybody: () => post<{ ended: number }>('/sessions/end-everybody'),
  directory: () => get<T.Directory>('/directory'),
};

export const factors = {
  list: () => get<T.Factors>('/me/factors'),
  show: (proof: T.FactorProof) => post<{ csrf: string; me: T.Me }>('/session/second-factor', proof),
  totpBegin: (password: string) => post<{ secret: string; uri: string }>('/me/factors/totp', { password }),
  totpConfirm: (code: string) => post<{ recovery: string[] }>('/me/factors/totp/confirm', { code }),
  challenge: () => post<T.PasskeyChallenge>('/session/second-factor/challenge'),
  passkeyBegin: (password: string) => post<T.PasskeyStart>('/me/factors/passkeys', { password }),
  passkeyConfirm: (name: string, made: { client: string; attestation: string }) =>
    post<{ recovery: string[] }>('/me/factors/passkeys/confirm', { name, ...made }),
  passkeyRemove: (id: string) => del<void>(`/me/factors/passkeys/${encodeURIComponent(id)}`),
  totpRemove: () => del<void>('/me/factors/totp'),
  recovery: (password: string) => post<{ recovery: string[] }>('/me/factors/recovery', { password }),
};

export const signOn = {
  providers: () => get<{ providers: T.SignOnProvider[] }>('/session/sso'),
  begin: (provider: number) => post<{ url: string }>('/session/sso/begin', { provider }),
  finish: (answer: T.SignOnAnswer) => post<{ csrf: string; me: T.Me }>('/session/sso', answer),
  links: () => get<{ links: { provider: number; subject: string; at: string }[] }>('/me/sso'),
  linkBegin: (provider: number, password: string) =>
    post<{ url: string }>('/me/sso/begin', { provider, password }),
  linkFinish: (answer: T.SignOnAnswer) => post<void>('/me/sso', answer),
  unlink: (provider: number, password: string) => post<void>(`/me/sso/${provider}/unlink`, { password }),
  settings: () => get<{ providers: T.SignOnSettings[] }>('/sso/providers'),
  secret: (provider: number, secret: string) => post<void>(`/sso/providers/${provider}/secret`, { secret }),
};

export const scim = {
  keys: () => get<{ base: string; list: { keys: S.ScimKey[] }; calls: S.ScimCall[] }>('/scim/keys'),
  draw: (key: number) => post<{ token: string }>(`/scim/keys/${key}/token`),
  end: (key: number) => del<void>(`/scim/keys/${key}`),
};

const noted = (id: number, act: string, note: string) => post<void>(`/grants/${id}/${act}`, { note });
export const people = {
  list: (query: CallOptions['query'], options?: CallOptions) =>
    get<{ items: T.PersonItem[]; total: number }>('/people', { ...options, query }),
  get: (id: string | number) => get<T.PersonDetail>(`/people/${id}`),
  create: (document: Partial<T.PersonDocument>) => post<{ id: number }>('/people', document),
  change: (id: number, document: Partial<T.PersonDocument>) =>
    patch<{ id: number }>(`/people/${id}`, document),
  leave: (id: number, to: number, note: string) => post<void>(`/people/${id}/leave`, { to, note }),
  department: (id: number, document: { name: string; parent: number; branch: number }) =>
    id
      ? patch<{ id: number }>(`/departments/${id}`, document)
      : post<{ id: number }>('/departments', document),
  preview: (id: number, change: unknown) => post<T.OrganisationEffect>(`/people/${id}/preview`, change),
  previewDepartment: (id: number, change: unknown) =>
    post<T.OrganisationEffect>(`/departments/${id}/preview`, change),
  departmentAct: (id: number, change: unknown) => patch<{ id: number }>(`/departments/${id}`, change),
  importPreview: (bytes: Blob) => post<PeopleImport>('/people/import/preview', {}, { bytes }),
  importApply: (bytes: Blob, version: number) =>
    post<PeopleImport>('/people/import', {}, { bytes, query: { version } }),
  partners: () => get<{ items: T.Partner[] }>('/partners'),
  roles: () => get<{ items: T.RoleItem[] }>('/roles'),
  makeRole: (document: Record<string, unknown>) => post<{ id: number }>('/roles', document),
  changeRole: (id: number, document: T.RoleDocument) => patch<{ id: number }>(`/roles/${id}`, document),
  proposals: (to_decide = false) => get<{ items: T.Proposal[] }>('/proposals', { query: { to_decide } }),
  news: () => get<News>('/news'),
  seen: (until: number) => post<News>('/news/seen', { until }),
  propose: (body: { kind: string; user?: number; reason: string; change: unknown }) =>
    post<{ id: number; secret: string | null }>('/proposals', body),
  decide: (id: number, approve: boolean, note: string) =>
    post<{ secret: string | null }>(`/proposals/${id}/decide`, { approve, note }),
  grants: (query: CallOptions['query'] = {}) => get<{ items: T.Grant[] }>('/grants', { query }),
  grant: (body: unknown) => post<{ id: number }>('/grants', body),
  endGrant: (id: number, note: string) => noted(id, 'end', note),
  reviewGrant: (id: number, note: string) => noted(id, 'review', note),
  handovers: () => get<H.Handovers>('/handovers'),
  offer: (rule: H.HandoverRule) => post<{ id: string }>('/handovers/offers', rule),
  endOffer: (id: string) => del<void>(`/handovers/offers/${encodeURIComponent(id)}`),
  report: (id: string, days: number) =>
    get<T.PersonReport>(`/people/${encodeURIComponent(id)}/report`, { query: { days } }),
  reportFile: (id: string, days: number, format: 'csv' | 'json') =>
    send('GET', `/people/${encodeURIComponent(id)}/report`, { query: { days, format } }),
  handOver: (rule: H.HandoverRule) => post<{ id: string }>('/handovers', rule),
  handBack: (id: string) => post<{ id: string }>(`/handovers/${encodeURIComponent(id)}/undo`),
};

export const signIn = {
  state: () => get<T.SignInState>('/sign-in'),
  changeCompany: (document: T.CompanyDocument) => patch<void>('/company', document),
  closeAlarm: (id: number) => post<void>(`/alarms/${id}/close`),
  sessionsOf: (user: number) => get<{ items: T.SessionItem[] }>(`/users/${user}/sessions`),
  endSessionsOf: (user: number) => del<void>(`/users/${user}/sessions`),
  endSession: (id: string) => del<void>(`/sessions/${encodeURIComponent(id)}`),
  factorsOf: (user: number) => get<T.Factors>(`/users/${user}/factors`),
};

export const keys = {
  list: (user: number | string = '') => get<{ items: T.KeyItem[] }>('/keys', { query: { user } }),
  create: (label: string, roles: string[], expires_at: string) =>
    post<{ id: string; key: string }>('/keys', { label, roles, expires_at }),
  revoke: (id: string) => del<void>(`/keys/${encodeURIComponent(id)}`),
};

export const conflicts = {
  list: (cursor: string | null = null) =>
    get<{ items: T.ConflictItem[]; next: string | null }>('/conflicts', { query: { limit: 50, cursor } }),
  resolve: (id: string, resolution: 'kept_both' | 'mended', note: string) =>
    post<void>(`/conflicts/${encodeURIComponent(id)}`, { resolution, note }),
};

export const objects = {
  list: () => get<{ version: number; items: T.ObjectDef[] }>('/objects'),
};

export const records = {
  query: (object: string, query: T.Query, options?: CallOptions) =>
    post<T.Page>(`${rec(object)}/query`, query, options),
  groups: (object: string, by: string, where: T.Where) =>
    post<{ items: { value: T.Person | null; count: number }[] }>(`${rec(object)}/query`, {
      group_by: by,
      where,
    }),
  get: (object: string, id: string, options?: CallOptions) => get<T.RecordRow>(rec(object, id), options),
  create: (object: string, values: Record<string, unknown>, key: string) =>
    post<T.RecordRow>(rec(object), values, { key }),
  update: (object: string, id: string, version: number, values: Record<string, unknown>) =>
    patch<T.RecordRow>(rec(object, id), values, { version }),
  remove: (object: string, id: string, version: number) => del<void>(rec(object, id), { version }),
  restore: (object: string, id: string) => post<T.RecordRow>(`${rec(object, id)}/restore`),
  bulk: (object: string, act: string, items: BulkItem[]) => bulk(`${rec(object)}/bulk`, act, items),
  history: (object: string, id: string, before?: string | number | null) =>
    get<{ items: T.HistoryItem[]; next: string | number | null }>(`${rec(object, id)}/history`, {
      query: { before },
    }),
  timeline: (object: string, id: string, before?: string | number | null, kinds?: string) =>
    get<{ items: T.TimelineItem[]; next: string | number | null }>(`${rec(object, id)}/timeline`, {
      query: { before, kinds },
    }),
  reveal: (object: string, id: string, fields: string[], reason: string) =>
    post<T.Reveal>(`${rec(object, id)}/reveal`, { fields, reason }),
};

export const views = {
  list: (object: string) => get<{ items: T.SavedView[] }>(`/views/${object}`),
  create: (object: string, view: Partial<T.SavedView>) => post<T.SavedView>(`/views/${object}`, view),
  update: (object: string, id: string, view: Partial<T.SavedView>) =>
    patch<T.SavedView>(`/views/${object}/${id}`, view),
  remove: (object: string, id: string) => del<void>(`/views/${object}/${id}`),
};

export const suggest = (text: string, limit: number, options?: CallOptions) =>
  post<{ items: T.Suggestion[] }>('/suggest', { text, limit }, options);
type Recent = { items: (T.Suggestion & { at?: string })[] };
/* A server without the list has no recent records, which is no fault to show. */
export const recent = () =>
  get<Recent>('/recent').catch((error: unknown): Recent => {
    if (error instanceof Problem && error.status === 404) return { items: [] };
    throw error;
  });

export const imports = {
  list: () => get<{ items: T.ImportItem[] }>('/imports'),
  get: (id: string) => get<T.ImportItem>(`/imports/${id}`),
  create: (object: string, file_name: string, size: number) =>
    post<{ id: string; part_size: number }>('/imports', { object, file_name, size }),
  part: (id: string, n: number, bytes: Blob, signal?: AbortSignal) =>
    send('PUT', `/imports/${id}/parts/${n}`, { bytes, signal }),
  preview: (id: string, how: { encoding: string; delimiter: string; header: boolean }) =>
    post<T.ImportPreview>(`/imports/${id}/preview`, how),
  check: (id: string, body: unknown) => post<T.ImportCheck>(`/imports/${id}/check`, body),
  start: (id: string, body: unknown, key: string) =>
    post<{ job: string }>(`/imports/${id}/start`, body, { key }),
  rejects: (id: string) => send('GET', `/imports/${id}/rejects`),
  undo: (id: string) => post<{ job: string }>(`/imports/${id}/undo`),
};

export const jobs = {
  get: (id: string) => get<T.Job>(`/jobs/${id}`),
  cancel: (id: string) => post<void>(`/jobs/${id}/cancel`),
  eventsUrl: (id: string) => `/api/v1/jobs/${encodeURIComponent(id)}/events`,
};

export const audit = {
  list: (query: CallOptions['query'], options?: CallOptions) =>
    get<T.AuditPage>('/audit', { ...options, query }),
  get: (seq: number) => get<T.AuditItem>(`/audit/${seq}`),
  head: () => send('GET', '/audit/head'),
};

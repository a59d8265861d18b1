/* High-risk acts: what the company's document asks of them, approvals of them. */
import { get, post } from './client';

export const ACTS = ['delete', 'update', 'transfer', 'import', 'reveal'] as const;
export type ActName = (typeof ACTS)[number];
export interface ActTerms {
  above?: number; // a person's records of a UTC day that are free
  reason?: boolean;
  second_factor_minutes?: number | null; // 0 asks for none
  approval?: boolean;
}
/* What is asked of whoever changes the rights of a holder of one of these roles. */
export interface RightsTerms {
  roles: string[];
  reason?: boolean;
  second_factor_minutes?: number | null;
  approval?: boolean;
}
export type HighRisk = Partial<Record<ActName, ActTerms>> & { rights?: RightsTerms };

/* What is asked for, or was approved: so many records, or just those that were named. */
export interface ActChange {
  act: string;
  name?: string; // of the object; none: of any
  label?: { zh: string; en: string };
  count: number;
  bound?: boolean;
  hours?: number;
}
export interface Allowance {
  used: number;
  left: number;
  until: number;
  live: boolean;
}
export interface ActAsk {
  act: string;
  object: string | null;
  count?: number;
  records?: string[];
  hours: number;
}
export interface ActEffect {
  visible: number | null;
  titles: { id: string; title: string }[];
}
/* One that went beyond the register's free number and was let pass. */
export interface PastAct {
  seq: number; // its entry of the audit log
  at: string;
  actor: { id: number; name: string } | null;
  act: string;
  object: string | null;
  label: { zh: string; en: string } | null; // of the object
  records: number;
  count: number; // of the day, with these
  reason: 'here' | 'job' | null;
  approvals: number[];
  more_approvals: number; // that its entry has no room to name
  outcome: string;
}
export interface PastQuery {
  act?: string;
  actor?: string;
  object?: string;
  from?: string;
  until?: string;
  before?: number | null;
}
export const deeds = {
  past: (query: PastQuery, options: { signal?: AbortSignal } = {}) =>
    get<{ items: PastAct[]; next: number | null; indexed_to: number; head: number }>('/high-risk/acts', {
      ...options,
      query: { ...query },
    }),
  ask: (reason: string, change: ActAsk) =>
    post<{ id: number; deciders?: { id: number; name: string }[] }>('/proposals', {
      kind: 'act',
      reason,
      change,
    }),
  effect: (id: number) => get<ActEffect>(`/proposals/${id}/effect`),
};

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
export type HighRisk = Partial<Record<ActName, ActTerms>>;

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
export const deeds = {
  ask: (reason: string, change: ActAsk) =>
    post<{ id: number; deciders?: { id: number; name: string }[] }>('/proposals', {
      kind: 'act',
      reason,
      change,
    }),
  effect: (id: number) => get<ActEffect>(`/proposals/${id}/effect`),
};

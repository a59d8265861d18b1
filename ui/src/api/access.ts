/* Access to fields asked for in place. */
import { get, post } from './client';

export interface AccessAsk {
  reason: string;
  object: string;
  records?: string[];
  fields?: string[];
  hours: number;
}
export interface AccessEffect {
  records: number;
  at_least?: boolean; // more than are counted
  fields: { field: string; class: string; opens: number; at_least?: boolean }[];
}

export const access = {
  ask: ({ reason, ...change }: AccessAsk) =>
    post<{ id: number; deciders: { id: number; name: string }[] }>('/proposals', {
      kind: 'access',
      reason,
      change,
    }),
  effect: (id: number) => get<AccessEffect>(`/proposals/${id}/effect`),
};
/* How many of one's requests were closed since one looked; how many wait for one's decision. */
export interface News {
  unread: number;
  to_decide: number;
}

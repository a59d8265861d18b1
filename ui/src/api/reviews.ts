/* Reviews of rights: lists of who holds what, answered line by line and signed off. */
import { get, post, send } from './client';
import type { Outcome, RightKind } from './rights';
import type { Label } from './types';

export type ReviewAnswer = 'keep' | 'take_away' | 'change';
export interface ReviewAsked {
  title: string;
  scope: { kinds: RightKind[]; departments: number[]; roles: string[] };
  reviewers: { heads: boolean; named: number[]; fallback: number };
  at_due: 'show' | 'take_away' | 'escalate';
  due_days: number;
  repeat_months: number;
}
export interface ReviewDocument extends ReviewAsked {
  id: number;
  by: number;
  at: number;
  due: number;
  next_at: number;
  state: 'open' | 'signed' | 'cancelled';
  closed_by?: number;
  closed_at?: number;
  note?: string;
  digest?: string;
}
export interface ReviewItem {
  review: ReviewDocument;
  mine: { lines: number; open: number };
  may_sign?: boolean; // of one that is open, for who sees all
  why_not?: '' | 'own_lines' | 'own_answers' | 'not_your_duty';
  counts?: {
    lines: number;
    people: number;
    open: number;
    keep: number;
    take_away: number;
    change: number;
  };
}
export interface ReviewLine {
  user: number;
  n: number;
  kind: RightKind;
  name: string;
  ref: number;
  from: number;
  until: number;
  key?: string;
  label?: string;
  reviewer: number;
  answer?: ReviewAnswer;
  reason?: string;
  instead?: string;
  by?: number;
  at?: number;
  held?: boolean;
  may?: boolean;
}
export interface RoleRule {
  objects?: string[] | null;
  except?: boolean;
  acts?: string[];
  scope?: string;
  by_hand?: boolean;
}
export interface ReviewPage {
  review: ReviewItem;
  lines: ReviewLine[];
  roles: Record<string, RoleRule[]>;
  use: { user: number; kind: RightKind; name: string; ref: number; last_used: string | null }[] | null;
  access: ReviewAccess[];
  next: number | null;
}
export interface ReviewAccess {
  ref: number;
  label: Label;
  fields: Label[];
  /** 0: all that he sees */
  records: number;
  approved_by: number;
}
type Place = { user: number; n: number };

export const reviews = {
  list: () => get<{ items: ReviewItem[] }>('/reviews'),
  open: (asked: ReviewAsked) => post<{ id: number }>('/reviews', asked),
  page: (id: number, after: number, mine: boolean) =>
    get<ReviewPage>(`/reviews/${id}`, { query: { after, mine } }),
  answer: (id: number, lines: Place[], answer: ReviewAnswer, reason: string, instead: string) =>
    post<void>(`/reviews/${id}/answer`, { lines, answer, reason, instead }),
  handOn: (id: number, from: number, to: number) => post<void>(`/reviews/${id}/change`, { from, to }),
  stopRepeats: (id: number) => post<void>(`/reviews/${id}/change`, { stop_repeats: true }),
  carry: (id: number, lines: Place[]) =>
    post<{ items: (Outcome & { n: number })[] }>(`/reviews/${id}/carry`, { lines }),
  close: (id: number, sign: boolean, note: string) => post<void>(`/reviews/${id}/close`, { sign, note }),
  reportFile: (id: number, format: 'csv' | 'json') =>
    send('GET', `/reviews/${id}/report`, { query: { format } }),
};

/* Looking after rights: what nobody uses, what has grown; and taking it away. */
import { get, post } from './client';
import type { OrganisationEffect } from './types';

export interface RightWho {
  user: number;
  name: string;
  login: string;
  department: number;
}
export interface OrphanItem extends RightWho {
  duty: boolean;
  partner: boolean;
  seen_at: string | null;
  made_at: string | null;
  why: ('never' | 'idle' | 'no_post' | 'no_sponsor')[];
}
export type RightKind = 'role' | 'post_role' | 'grant' | 'loan' | 'duty' | 'key' | 'access';
export interface UnusedItem extends RightWho {
  kind: RightKind;
  right: string;
  ref: number;
  from: number;
  until: string | null;
  last_used: string | null;
  unused: { object: string; acts: string[] }[];
}
export interface GrownItem extends RightWho {
  fresh: boolean;
  roles: string[];
  duties: string[];
  leads: number[];
  grants: { id: number; from: number; since: number; until: number; roles: string[]; access?: string }[];
  moved: { from: number; to: number; wider: boolean } | null;
}
export interface Outcome {
  user: number;
  outcome: 'done' | 'proposed' | 'refused';
  code: string | null;
  message: string | null;
  proposal: number | null;
}

export const rights = {
  orphans: (days: number, after = 0) =>
    get<{ items: OrphanItem[]; next: number | null }>('/rights/orphans', { query: { days, after } }),
  end: (users: number[], act: 'suspend' | 'leave', note: string) =>
    post<{ items: Outcome[] }>('/rights/orphans/end', { users, act, note }),
  unused: (query: { days: number; after: number; q: string; whole: boolean }) =>
    get<{ items: UnusedItem[]; next: number | null; known_from: string | null; indexed_to: number }>(
      '/rights/unused',
      { query },
    ),
  preview: (items: { user: number; kind: RightKind; right: string; ref: number }[]) =>
    post<OrganisationEffect & { not_counted: number }>('/rights/preview', { items }),
  take: (items: { user: number; kind: RightKind; right: string; ref: number }[], note: string) =>
    post<{ items: Outcome[] }>('/rights/take', { items, note }),
  grown: (days: number, after = 0) =>
    get<{ items: GrownItem[]; compared_with: string | null; known: boolean; next: number | null }>(
      '/rights/grown',
      { query: { days, after } },
    ),
};

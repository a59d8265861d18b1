/* The calls of data access: versions, matrix, effect, reason. */
import { get, post } from './client';
import type { Label } from './types';

export interface Terms {
  scope: string;
  people?: number;
  hours?: [number, number];
  weekdays?: number[];
  network?: string;
  second_factor?: number;
  reason?: boolean;
  approval?: boolean;
  watermark?: boolean;
}
export interface Grant extends Partial<Terms> {
  policy: string;
  effect: 'permit' | 'forbid';
  everybody: boolean;
  by_hand: boolean;
}
export interface MatrixField {
  name: string;
  label: Label;
  class: string;
  see: number;
  read: number;
  write: number;
  match: number;
}
export interface MatrixObject {
  name: string;
  label: Label;
  acts: Record<string, number>;
  fields: MatrixField[];
}
export interface ByHand {
  policy: string;
  line: number;
  text: string;
  acts: string[];
}
export interface Matrix {
  in_force: number;
  role: string;
  roles: { name: string; label: Label }[];
  objects: MatrixObject[];
  cells: Grant[][];
  by_hand: ByHand[];
  text: string;
}
export interface MatrixChange {
  object: string;
  acts: string[];
  fields?: string[];
  grants: Terms[];
}
export interface Person {
  id: number;
  name: string;
}
export interface Version {
  number: number;
  based_on: number | null;
  author: Person | null;
  decided_by: Person | null;
  proposed_at: string;
  decided_at: string | null;
  state: 'waiting' | 'published' | 'rejected';
  in_force: boolean;
  widens: boolean;
  size: number;
  note: string;
  decision: string;
}
export interface PolicyChange {
  id: string;
  change: 'added' | 'removed' | 'changed';
  old: string | null;
  new: string | null;
}
export interface WideningPlace {
  policy: string;
  effect: string;
  act: string;
  object: string | null;
  field: string | null;
  fields: number;
}
export interface Comparison {
  count: number;
  changes: PolicyChange[];
  widens: boolean;
  places: WideningPlace[];
}
export interface EffectLine {
  when: string;
  change: 'gains' | 'loses';
  object: string;
  act: string;
  fields: string[];
  people_count: number;
  records: number | null;
  untold: boolean; // goes by what stands in the records: not counted
  roles: { role: string; people: number }[];
  people: { id: number; name: string; records: number | null; untold: boolean; at_least: boolean }[];
}
export interface Effect {
  people_looked_at: number;
  complete: boolean;
  few: number;
  lines: EffectLine[];
}
export interface Reason {
  id: string;
  effect: string;
  line: number;
  by_hand: boolean;
  rule?: Partial<Terms> & { role: string | null };
  because?: string;
  part?: string;
  lacks?: string;
  obligations?: string[]; // what somebody approves first, or what is shown under a watermark
  condition?: string;
}
export interface WhyAnswer {
  decision: 'allow' | 'deny';
  act: string;
  determining: Reason[];
  others: Reason[];
}
export interface Why {
  user: number;
  roles: string[];
  version: number;
  answers: WhyAnswer[];
  given: { id: number; until: string; reason: string; approved_by: number; all: boolean; fields: string[] }[];
  lent: { from: number; name: string; roles: string[]; answers: WhyAnswer[] }[];
}

export const policies = {
  list: () => get<{ in_force: number; count: number; versions: Version[] }>('/policies'),
  text: (version: number | 'current') => get<{ number: number; text: string }>(`/policies/${version}`),
  diff: (version: number) => get<Comparison>(`/policies/${version}/diff`),
  matrix: (role: string, text?: string, changes?: MatrixChange[], like?: string) =>
    post<Matrix>('/policies/matrix', { role, text, changes, like }),
  check: (text: string) => post<Comparison>('/policies/check', { text }),
  preview: (what: { text?: string; version?: number }) => post<Effect>('/policies/preview', what),
  propose: (based_on: number, note: string, what: { text?: string; version?: number }) =>
    post<{ number: number; state: string }>('/policies', { based_on, note, ...what }),
  decide: (version: number, decision: 'approve' | 'reject', note: string) =>
    post<{ number: number; state: string }>(`/policies/${version}/${decision}`, { note: note || undefined }),
  why: (question: Record<string, unknown>) => post<Why>('/why', question),
};

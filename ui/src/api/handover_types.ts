/* Records handed on: by a leader, by somebody of a department that he left. */
import type { Job } from './types';

export interface HandoverRule {
  from: number;
  within?: boolean;
  department?: number;
  to: number[];
  field?: string;
  cases?: { value: string; to: number }[];
}

export interface HandoverPart {
  object: string;
  job: Job;
}

/* One handover: a job an object, and the jobs that gave it back. */
export interface HandoverRun {
  id: string;
  user: number;
  name: string;
  at: string;
  rule: HandoverRule;
  jobs: HandoverPart[];
  undo: HandoverPart[];
}
/* What somebody would hand on of a former department of his; its leader takes it or turns it down. */
export interface HandoverOffer {
  id: string;
  user: number;
  name: string;
  department: number;
  at: string;
  rule: HandoverRule;
}
export interface Handovers {
  items: { user: number; name: string; to: number; at: string }[];
  leads: number[];
  former: { department: number; at: string }[];
  offered: HandoverOffer[];
  offers: HandoverOffer[];
  moved: { user: number; name: string; department: number; at: string }[];
  runs: HandoverRun[];
}

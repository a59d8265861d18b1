/* What the server says, word for word as docs/api.md has it. */

import type { ActChange, Allowance, HighRisk } from './deeds';

export interface Label {
  zh: string;
  en: string;
}

export type FieldType =
  | 'text'
  | 'long_text'
  | 'integer'
  | 'decimal'
  | 'money'
  | 'date'
  | 'datetime'
  | 'boolean'
  | 'choice'
  | 'multi_choice'
  | 'phone'
  | 'mobile'
  | 'mail'
  | 'url'
  | 'cn_resident_id'
  | 'uscc'
  | 'bank_card'
  | 'region'
  | 'user'
  | 'department'
  | 'reference'
  | 'tag'
  | 'person_name'
  | 'address';

export type FieldClass = 'public' | 'internal' | 'personal' | 'sensitive';
export type SearchKind = 'exact' | 'suffix' | 'words' | 'fragment';
export type Op =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'in'
  | 'between'
  | 'is_null'
  | 'not_null'
  | 'contains'
  | 'starts_with'
  | 'ends_with'
  | 'has'
  | 'match';

export interface Choice {
  key: string;
  label: Label;
  color?: string | null;
  retired?: boolean;
}

export interface Field {
  name: string;
  id: number;
  label: Label;
  help?: Label | null;
  type: FieldType;
  class: FieldClass;
  search?: SearchKind[];
  required: boolean;
  required_when?: Where | null;
  unique?: boolean;
  read_only: boolean;
  system: boolean;
  length_max?: number | null;
  minimum?: number | string | null;
  maximum?: number | string | null;
  pattern?: string | null;
  currency?: string | null;
  choices?: Choice[] | null;
  reference?: string | null;
  default?: unknown;
  retired?: boolean;
  view: 'masked' | 'clear';
  writable: boolean;
  matchable?: SearchKind[];
  filterable: boolean;
  sortable: boolean;
}

export interface ObjectDef {
  name: string;
  id: number;
  label: Label;
  label_plural: Label;
  icon?: string | null;
  timeline?: boolean;
  parent?: string | number | null; // a line of another object's record
  list_fields: string[];
  default_sort?: string | null;
  title_fields?: string[];
  acts: string[];
  fields: Field[];
}

export interface Leaf {
  field: string;
  op: Op;
  value?: unknown;
}
export type Where =
  Leaf | { and: Where[] } | { or: Where[] } | { not: Where } | { child: string; where: Where };

export interface Person {
  id: number | string;
  name: string;
}
export interface Reference {
  id: string;
  title: string | null;
}

export interface RecordRow {
  id: string;
  _version: number;
  _views?: Record<string, 'masked'>;
  _acts?: string[];
  _given?: Record<string, string>; // fields seen in clear for a time, until when
  _warnings?: { code: string; message?: string; records?: Reference[] }[];
  [field: string]: unknown;
}

export interface Count {
  value: number;
  at_least: boolean;
}
export interface Page {
  items: RecordRow[];
  next_cursor: string | null;
  page?: number;
  count?: Count | null;
}
export interface Query {
  where?: Where | null;
  search?: string;
  fields?: string[];
  sort?: string[];
  limit?: number;
  page?: number;
  cursor?: string | null;
  count?: boolean;
  deleted?: boolean;
}

export interface Meter {
  used: number;
  limit: number | null;
}
export type Windows = Record<string, Meter>;
export type Budgets = Record<string, Windows | Record<string, Windows>>;

export interface Me {
  user: number;
  login: string;
  name: string;
  roles: { name: string; label?: Label }[];
  department: { id: number; name: string } | null;
  branch: { id: number; name: string } | null;
  duties: string[];
  must_change_password: boolean;
  step: 'done' | 'second_factor' | 'enrol'; // half a session has no more than what stands above
  csrf: string;
  budgets: Budgets;
  acts: Record<string, string[]>;
  areas?: string[];
}

export interface Factors {
  demanded: boolean;
  totp: { made_at: string; used_at: string } | null;
  recovery: { left: number; made_at: string | null };
  passkeys: { id: string; name: string; synced: boolean; made_at: string; used_at: string | null }[];
}
export type FactorProof = { kind: 'totp' | 'recovery'; code: string } | ({ kind: 'passkey' } & PasskeyAnswer);
export interface PasskeyChallenge {
  challenge: string;
  party: string;
  ids?: string[];
}
export interface PasskeyStart extends PasskeyChallenge {
  user: { id: string; login: string; name: string };
}
export interface PasskeyAnswer {
  id: string;
  client: string;
  authenticator: string;
  signature: string;
  handle: string;
}

export interface Post {
  id?: number;
  department: number;
  position?: string;
  from: number;
  until?: number | null;
  main?: boolean;
  leads?: boolean;
  reports_to?: number;
}
export interface OrganisationEffect {
  people?: number;
  records?: { object: string; label: Label; count: number }[];
  department_before?: number;
  department_after?: number;
  roles_gained?: string[];
  roles_lost?: string[];
  leaves?: {
    department: number;
    at: string;
    records: { object: string; label: Label; records: number | null }[];
    heads: { id: number; name: string }[];
  }[];
  complete: boolean;
  few: number;
  lines: {
    change: 'gains' | 'loses';
    object: string;
    label: Label;
    people_count: number;
    records: number | null;
    people: { id: number; name: string; records: number | null; at_least: boolean }[];
  }[];
}
export interface Partner {
  id: number;
  name: string;
  login: string;
  until: number | null;
  trained_at: number | null;
}
export interface PersonDocument {
  id: number;
  login: string;
  name: string;
  roles: string[];
  duties: string[];
  department: number | null;
  manages: number[];
  mail: string;
  disabled: boolean;
  until: number | null;
  posts?: Post[];
  post_roles?: Record<string, string[]>;
  kind?: 'staff' | 'partner';
  sponsor?: number;
  trained_at?: number | null;
  left?: { at: number; by: number; to: number; note: string };
  review?: { at: number; by: number; roles: string[] };
}
export interface PersonItem {
  id: number;
  document: Partial<PersonDocument> & { login: string; name: string };
  seen_at: string | null;
  department: number;
  leads: number[];
  reports: number;
}
export interface PersonDetail extends PersonItem {
  sessions: number;
  keys: number;
  jobs: number;
  grants: Grant[];
  holds: { object: string; label: Label; count: number }[];
}
export interface RoleItem {
  id: number;
  name: string;
  label: Label;
  by_leader: boolean;
  break_glass_hours: number;
  document?: RoleDocument;
}
export interface SignOnProvider {
  id: number;
  name: Label;
}
/* `provider`: to whose own address it came. */
export type SignOnAnswer = { state: string; code: string; iss: string; provider?: number };
export interface SignOnSettings extends SignOnProvider {
  secret: boolean;
  enabled: boolean;
  issuer: string;
  client_id: string;
  auth?: string;
  hosts?: string[];
  networks?: string[];
  ca?: string;
  keys?: unknown;
  link_mail?: boolean;
  required?: number[];
  duties_exempt?: boolean;
  second_factor?: { amr?: string[]; acr?: string[] };
  max_age?: number;
  redirect?: 'own' | 'shared';
}
export interface AccessChange {
  object?: number;
  name?: string;
  label?: Label;
  labels?: Label[];
  fields?: number[];
  records?: string[];
  hours?: number;
}
export interface Proposal {
  id: number;
  kind: string;
  state: string;
  by: number;
  user: number;
  at: number;
  ends: number;
  reason: string;
  note?: string;
  decided_by?: number;
  decided_at?: number;
  may_decide: boolean;
  news: boolean; // one's own, closed since one looked
  change: {
    roles?: string[];
    hours?: number;
    loan?: boolean; // of kind grant: by who proposes, during his leave
    items?: { kind: string; id?: number; document: Record<string, unknown> }[];
    document?: Record<string, unknown>;
    directory?: number; // of a kind ldap; 0: a new one
  } & AccessChange &
    Partial<Omit<ActChange, 'hours' | 'label' | 'name'>>; // of a kind act
  allowance?: Allowance;
}
export interface Grant extends Omit<AccessChange, 'hours'> {
  id: number;
  user: number;
  from: number;
  roles: string[];
  since: number;
  until: number;
  why: string;
  reason: string;
  by: number;
  ended: { by: number; at: number; note: string } | null;
  review: { by: number; at: number; note: string } | null;
  allow?: ActChange; // an approval of a high-risk act
  /** Access that gives nothing any more: he stands in another department now. */
  moved?: boolean;
}

export interface SignInRules {
  second_factor?: boolean | string;
  networks?: string[];
  hours?: { days: number[]; from: number; to: number };
  passwords?: { words?: string[] } & Record<string, unknown>;
}
export interface PasswordRules {
  profile: 'modern' | 'dengbao3';
  least: number;
  kinds: number;
  days: number;
  history: number;
  failures: number;
  lock_minutes: number;
  changed_at: string | null;
  expires_at: string | null;
}
export interface CompanyDocument {
  version?: number;
  high_risk?: HighRisk;
  budget?: unknown;
  sign_in?: SignInRules;
}
export interface SignInAlarm {
  id: number;
  kind: 'stuffing' | 'spread' | 'breached';
  network: string;
  at: string;
  logins: number;
  tries: number;
}
/* All but the passwords' rules is there for holders of a duty only. */
export interface SignInState {
  passwords: PasswordRules;
  company?: CompanyDocument | null;
  breached?: { present: boolean; damaged: boolean; size: number; changed_at: string | null };
  alarms?: SignInAlarm[];
}
export interface RoleDocument {
  ceiling?: Record<string, string>;
  budget?: Record<string, unknown>;
  sign_in?: SignInRules;
}
export interface SessionItem {
  id: string;
  current: boolean;
  signed_in_at: string;
  seen_at: string;
  address: string;
  agent: string;
}

export interface KeyItem {
  id: string;
  label: string;
  made_at: string;
  expires_at: string;
  used_at: string | null;
}

/* Two records that share a value which only one should have. */
export interface ConflictItem {
  id: string;
  object: string;
  field: string;
  at: string;
  records: { id: string; title: string | null }[]; // the one that was written last, and the one that had it
}

export interface Directory {
  users: {
    id: number | string;
    name: string;
    department: number | string | null;
    disabled?: boolean;
    partner?: boolean;
    led?: boolean; // by the reader
  }[];
  departments: {
    id: number | string;
    parent: number | string | null;
    name: string;
    branch?: boolean;
    closed?: boolean;
  }[];
}

export interface SavedView {
  id: string;
  name: string;
  shared: boolean;
  fields: string[];
  sort: string[];
  where: Where | null;
  own: boolean;
}

export interface Suggestion {
  object: string;
  id: string;
  title: string;
  hint?: string | null;
}

export interface HistoryItem {
  id: string | number;
  at: string;
  actor: Person | null;
  act: string;
  changes: { field: string; before: unknown; after: unknown; masked?: boolean }[];
}
export interface TimelineItem {
  object: string;
  id: string;
  at: string;
  title: string | null;
  summary?: string | null;
  actor?: Person | null;
  record?: RecordRow | null;
}

export interface Reveal {
  values: Record<string, unknown>;
  audit: number;
  budget?: Budgets | Windows | null;
}

export type ImportState = 'uploading' | 'ready' | 'running' | 'done' | 'cancelled' | 'failed' | 'undone';
export interface ImportItem {
  id: string;
  object: string;
  file_name: string;
  size?: number;
  state: ImportState;
  counts?: { rows: number; imported: number; rejected: number; duplicates: number } | null;
  job?: string | null;
  undo?: Job | null;
  part_size?: number;
  created_at?: string;
  actor?: Person | null;
}
export interface ImportColumn {
  index: number;
  header: string;
  samples: string[];
  suggested_field: string | null;
}
export interface ImportPreview {
  encoding: string;
  delimiter: string;
  columns: ImportColumn[];
  rows_estimate: number;
}
export interface ImportCheck {
  rows: { line: number; ok: boolean; values: Record<string, unknown>; errors: FieldError[] }[];
  ok: number;
  bad: number;
}
export interface Job {
  id: string;
  kind: string;
  state: string;
  progress: { done: number; total: number | null } | null;
  started_at: string | null;
  ended_at: string | null;
  error: unknown;
  result: Record<string, unknown> | null;
}

export const REPORT_KINDS = ['views', 'reveals', 'exports', 'imports', 'changes', 'refusals'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];
export type ReportDay = { day: string; object: string } & Record<ReportKind, number>;

export interface PersonReport {
  user: number;
  name: string;
  from: string;
  to: string;
  indexed_to: number;
  distinct: { object: string; records: number; at_least: boolean }[];
  peaks: { day: string; kind: ReportKind; count: number; own: number; department: number }[];
  days: ReportDay[];
}

export interface FieldError {
  field: string;
  code: string;
  message: string;
}

export interface AuditItem {
  seq: number;
  at: string;
  actor: Person | null;
  act: string;
  outcome: string;
  object?: string | null;
  label?: Label | null; // for auditors, who have no definitions
  records?: string[];
  fields?: { name: string; view: string; label?: Label | null }[];
  address?: string | null;
  session?: string | null;
  request?: string | null;
  purpose?: string | null;
  tag?: string | null;
  has_detail?: boolean;
  detail?: unknown;
}
export interface AuditPage {
  items: AuditItem[];
  next: number | string | null;
  indexed_to: number;
  head: number;
}

/* Directory servers (docs/ldap.md). */
import { get, post } from './client';
import type { PeopleImport } from './peopleImport';

export interface DirectoryDocument {
  name: string;
  enabled: boolean;
  host: string;
  port: number;
  security: 'ldaps' | 'starttls';
  ca?: string;
  networks?: string[];
  bind_dn: string;
  people_base: string;
  people_filter: string;
  unit_base?: string;
  attributes: Partial<Record<(typeof ATTRIBUTES)[number], string>>;
  department_by: 'none' | 'attribute' | 'tree';
  moves?: boolean;
  ends_a_day?: number;
  every_hours?: number;
  apply?: (typeof APPLIES)[number];
}
export const ATTRIBUTES = ['id', 'login', 'name', 'mail', 'title', 'department'] as const;
/* What a schedule may import by itself. */
export const APPLIES = ['nothing', 'new', 'all_but_ends', 'all'] as const;
/* Whose change takes the password away: it would be told to another server. */
export const BINDING = ['host', 'port', 'security', 'ca', 'networks', 'bind_dn'] as const;
export const ENDS_A_DAY = 50; // unless the document says
export const SUSPEND_AT_ONCE = 1000;

export interface DirectoryItem {
  id: number;
  document: DirectoryDocument;
  secret: boolean;
  schedule?: DirectorySchedule;
}
/* Times in ms, 0: never. */
export interface DirectorySchedule {
  by: number;
  rests: '' | 'disabled' | 'ldap_no_password' | 'ldap_nobody';
  next_at: number;
  read_at: number;
  people: number;
  units: number;
  error_at: number;
  error: string;
  imported_at: number;
  imported: { added: number; changed: number; suspended: number };
  pending?: { added: number; changed: number; gone: number; refused: number };
}
export interface DirectoryRead {
  read: string;
  people: number;
  units: number;
}
export type ImportEffect = 'added' | 'changed' | 'unchanged' | 'refused' | 'gone';
export interface GoneItem {
  user: number;
  login: string;
  name: string;
}
export interface DirectoryPlan extends Omit<PeopleImport, 'items'> {
  gone: number;
  items: (PeopleImport['items'][number] | GoneItem)[];
  count: number;
}

const at = (id: number, what: string) => `/ldap/directories/${id}/${what}`;
export const directories = {
  list: () => get<{ directories: DirectoryItem[] }>('/ldap/directories'),
  secret: (id: number, secret: string) => post<void>(at(id, 'secret'), { secret }),
  read: (id: number) => post<DirectoryRead>(at(id, 'read')),
  preview: (id: number, query: { read: string; effect?: ImportEffect; offset: number; count: number }) =>
    get<DirectoryPlan>(at(id, 'preview'), { query }),
  apply: (id: number, body: { read: string; version: number; suspend: number[] }) =>
    post<DirectoryPlan>(at(id, 'import'), body),
};

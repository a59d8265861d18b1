/* Directory servers (docs/ldap.md). */
import { get, post } from './client';
import type { PeopleImport } from './types';

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
}
export const ATTRIBUTES = ['id', 'login', 'name', 'mail', 'title', 'department'] as const;
/* Whose change takes the password away: it would be told to another server. */
export const BINDING = ['host', 'port', 'security', 'ca', 'networks', 'bind_dn'] as const;
export const ENDS_A_DAY = 50; // unless the document says
export const SUSPEND_AT_ONCE = 1000;

export interface DirectoryItem {
  id: number;
  document: DirectoryDocument;
  secret: boolean;
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

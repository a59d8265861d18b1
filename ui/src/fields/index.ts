/* The table of field types. A new type: a folder with its module, and one line here. */
import type { Field, FieldType, Op } from '@/api/types';
import { useObjects } from '@/stores/objects';
import { isEmpty, type FieldModule, type Flaw, type TextContext } from './types';
import address from './address';
import bank_card from './bank_card';
import boolean from './boolean';
import choice from './choice';
import cn_resident_id from './cn_resident_id';
import date from './date';
import datetime from './datetime';
import decimal from './decimal';
import department from './department';
import integer from './integer';
import long_text from './long_text';
import mail from './mail';
import mobile from './mobile';
import money from './money';
import multi_choice from './multi_choice';
import person_name from './person_name';
import phone from './phone';
import reference from './reference';
import region from './region';
import tag from './tag';
import text from './text';
import url from './url';
import user from './user';
import uscc from './uscc';

const TABLE: Record<FieldType, FieldModule> = {
  address,
  bank_card,
  boolean,
  choice,
  cn_resident_id,
  date,
  datetime,
  decimal,
  department,
  integer,
  long_text,
  mail,
  mobile,
  money,
  multi_choice,
  person_name,
  phone,
  reference,
  region,
  tag,
  text,
  url,
  user,
  uscc,
};

/* A type that this build does not know yet is shown as text. */
export const fieldModule = (type: string): FieldModule => TABLE[type as FieldType] ?? text;

export function textContext(): TextContext {
  const objects = useObjects();
  return {
    user: (id) => objects.userNames.get(String(id)) ?? `#${String(id)}`,
    department: (id) => objects.departmentNames.get(String(id)) ?? `#${String(id)}`,
  };
}

export function fieldText(value: unknown, field: Field): string {
  if (isEmpty(value)) return '';
  return fieldModule(field.type).text(value, field, textContext());
}

/* What stops a form from being sent; `required` is the form's own say, as it may hang on other fields. */
export function fieldFlaw(value: unknown, field: Field, required: boolean): Flaw | null {
  if (isEmpty(value)) return required && field.type !== 'boolean' ? { code: 'required' } : null;
  return fieldModule(field.type).check?.(value, field) ?? null;
}

export const toEditor = (value: unknown, field: Field): unknown =>
  isEmpty(value) ? null : (fieldModule(field.type).edit?.(value) ?? value);

export const toServer = (value: unknown, field: Field): unknown =>
  isEmpty(value) ? null : (fieldModule(field.type).send?.(value) ?? value);

/* The ops a caller may use on a field: all of its type's where it is filterable, else only the look-ups that the
 * server lets him make on a sealed value. */
export function fieldOps(field: Field): Op[] {
  const all = fieldModule(field.type).ops;
  if (field.filterable) return all.filter((op) => op !== 'ends_with');
  const kinds = field.matchable ?? [];
  const ops: Op[] = [];
  if (kinds.includes('exact')) ops.push('eq');
  if (kinds.includes('suffix')) ops.push('ends_with');
  if (kinds.includes('words') || kinds.includes('fragment')) ops.push('contains');
  return ops;
}

export const isSealed = (field: Field): boolean => field.class === 'personal' || field.class === 'sensitive';

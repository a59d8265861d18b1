/* Words and defaults for filters: which op with which kind of value, and how a chip reads. */
import type { Field, Leaf, ObjectDef, Op, Where } from '@/api/types';
import { fieldOps, fieldText } from '@/fields';
import { mark, say, t } from '@/i18n';
import { isLeaf } from './useListState';

export type ValueKind = 'none' | 'one' | 'many' | 'range' | 'text';
export const RELATIVE = [
  'today',
  'this_week',
  'this_month',
  'this_quarter',
  'this_year',
  'last_7_days',
  'last_30_days',
  'next_7_days',
  'last_month',
];

export const isTime = (field: Field): boolean => field.type === 'date' || field.type === 'datetime';
export const isNumber = (field: Field): boolean => ['integer', 'decimal', 'money'].includes(field.type);

export function valueKind(field: Field, op: Op): ValueKind {
  if (op === 'is_null' || op === 'not_null') return 'none';
  if (op === 'in') return 'many';
  if (op === 'between') return 'range';
  if (op === 'contains' || op === 'starts_with' || op === 'ends_with') return 'text';
  return field.type === 'long_text' ? 'text' : 'one';
}

export function opLabel(field: Field, op: Op): string {
  if (isTime(field) && op === 'lt') return t('op.before');
  if (isTime(field) && op === 'gt') return t('op.after');
  return t(`op.${op}`);
}

export const filterableFields = (object: ObjectDef | undefined): Field[] =>
  (object?.fields ?? []).filter((f) => fieldOps(f).length > 0);

function valueText(field: Field, value: unknown): string {
  if (value === 'me') return t('field.me');
  if (value && typeof value === 'object' && 'relative' in value) {
    return t(`relative.${String((value as { relative: string }).relative)}`);
  }
  return fieldText(value, field);
}

export function filterText(object: ObjectDef | undefined, where: Where): string {
  if (!isLeaf(where)) return t('list.filter');
  const field = object?.fields.find((f) => f.name === where.field);
  if (!field) return where.field;
  const kind = valueKind(field, where.op);
  const label = say(field.label);
  const op = opLabel(field, where.op);
  if (kind === 'none') return `${label} ${op}`;
  if (kind === 'range') {
    const [from, to] = (where.value as unknown[]) ?? [];
    return `${label} ${[from, to].map((v) => (v === null || v === undefined ? '…' : valueText(field, v))).join(' – ')}`;
  }
  if (kind === 'many')
    return `${label}: ${(where.value as unknown[]).map((v) => valueText(field, v)).join(mark('、'))}`;
  if (kind === 'text') return `${label} ${op} “${String(where.value)}”`;
  const value = valueText(field, where.value);
  return where.op === 'eq' ? `${label}: ${value}` : `${label} ${op} ${value}`;
}

/* "between" with one open end is an ordinary comparison. */
export function closeRange(leaf: Leaf): Leaf | null {
  if (leaf.op !== 'between') return leaf;
  const [from, to] = (leaf.value as unknown[]) ?? [];
  if (from && to) return leaf;
  if (from) return { ...leaf, op: 'ge', value: from };
  return to ? { ...leaf, op: 'le', value: to } : null;
}

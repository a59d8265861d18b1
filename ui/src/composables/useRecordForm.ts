/* The state of a create or edit form: what was typed, what is wrong with it, what has to be sent. */
import { computed, reactive, ref, type ComputedRef, type Ref } from 'vue';
import { Problem } from '@/api/client';
import type { Field, ObjectDef, RecordRow, Where } from '@/api/types';
import { fieldFlaw, toEditor, toServer } from '@/fields';
import { isEmpty } from '@/fields/types';
import { t } from '@/i18n';
import { isMasked } from './useRecordText';

type Values = Record<string, unknown>;

/* required_when, decided in the browser as a help only; what can't be decided here is left to the server. */
export function holds(where: Where | null | undefined, values: Values): boolean {
  if (!where) return false;
  if ('and' in where) return where.and.every((w) => holds(w, values));
  if ('or' in where) return where.or.some((w) => holds(w, values));
  if ('not' in where) return !holds(where.not, values);
  if (!('field' in where)) {
    // A definition's short form: {"customer_type": "company"}.
    return Object.entries(where).every(([name, value]) => values[name] === value);
  }
  const value = values[where.field];
  switch (where.op) {
    case 'eq':
      return value === where.value;
    case 'ne':
      return value !== where.value;
    case 'in':
      return Array.isArray(where.value) && where.value.includes(value);
    case 'is_null':
      return isEmpty(value);
    case 'not_null':
      return !isEmpty(value);
    default:
      return false;
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export function useRecordForm(object: ComputedRef<ObjectDef | undefined>, row: Ref<RecordRow | null>) {
  const values = reactive<Values>({});
  const start = reactive<Values>({});
  const errors = reactive<Record<string, string>>({});
  const general = ref<unknown>(null);

  const fields = computed<Field[]>(() =>
    (object.value?.fields ?? []).filter(
      (f) => !f.system && !f.read_only && !f.retired && f.writable && (!row.value || f.name in row.value),
    ),
  );
  const masked = (field: Field) => !!row.value && isMasked(row.value, field);

  function reset(preset: Values = {}) {
    for (const field of fields.value) {
      const value = row.value && !masked(field) ? toEditor(row.value[field.name], field) : null;
      const offered = row.value ? undefined : (preset[field.name] ?? toEditor(field.default, field));
      start[field.name] = value ?? offered ?? null;
      values[field.name] = start[field.name];
    }
    for (const name of Object.keys(errors)) delete errors[name];
  }
  const required = (field: Field) => field.required || holds(field.required_when, values);
  const changed = (field: Field) => !same(values[field.name], start[field.name]);
  const dirty = computed(() => fields.value.some(changed));

  function checkOne(field: Field) {
    // A masked value that was not touched is there already and stays.
    const stays = masked(field) && !changed(field) && !isEmpty(row.value?.[field.name]);
    const flaw = stays ? null : fieldFlaw(values[field.name], field, required(field));
    if (flaw) errors[field.name] = t(`check.${flaw.code}`, flaw.named ?? {});
    else delete errors[field.name];
  }
  function check(): boolean {
    fields.value.forEach(checkOne);
    return Object.keys(errors).length === 0;
  }
  function payload(): Values {
    const all = fields.value.filter((f) => (row.value ? changed(f) : !isEmpty(values[f.name])));
    return Object.fromEntries(all.map((f) => [f.name, toServer(values[f.name], f)]));
  }
  /* Puts the server's findings at their fields; what names no field of the form is shown above it. */
  function take(error: unknown) {
    general.value = null;
    const findings = error instanceof Problem ? error.errors : [];
    for (const finding of findings) errors[finding.field] = finding.message || finding.code;
    if (!findings.some((f) => fields.value.some((field) => field.name === f.field))) general.value = error;
  }
  return { values, errors, general, fields, dirty, masked, required, reset, check, checkOne, payload, take };
}

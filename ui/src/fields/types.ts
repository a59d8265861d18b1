/* What a field type brings along. A type is a folder here and one line in fields/index.ts. */
import type { Component } from 'vue';
import type { Field, Op } from '@/api/types';

/* Names of people, departments and "now" that a plain text may need. */
export interface TextContext {
  user: (id: unknown) => string;
  department: (id: unknown) => string;
}

export interface Flaw {
  code: string;
  named?: Record<string, unknown>;
}

export interface FieldModule {
  /* props: value, field */
  display?: Component;
  /* props: modelValue, field, inputId, invalid, describedby, compact, placeholder; emits update:modelValue, commit */
  editor: Component;
  /* The value as plain text; the fall-back display shows it. */
  text: (value: unknown, field: Field, context: TextContext) => string;
  /* What is wrong with the text or value as typed; null when nothing is. The server judges again. */
  check?: (value: unknown, field: Field) => Flaw | null;
  /* From what an editor holds to what the API takes. */
  send?: (value: unknown) => unknown;
  /* From what the API gives to what an editor holds. */
  edit?: (value: unknown) => unknown;
  ops: Op[];
  /* Editor of a filter's value where it differs from the field's own. */
  align?: 'end';
  mono?: boolean;
  wide?: boolean; // takes a form's whole width
  width?: number; // of a column, in px
}

export const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

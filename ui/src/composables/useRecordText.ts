/* A record's title and the conflict between two writers: what several pages say about a record. */
import type { Field, ObjectDef, RecordRow } from '@/api/types';
import { fieldText } from '@/fields';
import { isEmpty } from '@/fields/types';
import { t } from '@/i18n';

export function recordTitle(object: ObjectDef | undefined, row: RecordRow | null | undefined): string {
  if (!object || !row) return '';
  const names = object.title_fields?.length ? object.title_fields : object.list_fields.slice(0, 1);
  for (const name of names) {
    const field = object.fields.find((f) => f.name === name);
    if (field && !isEmpty(row[name])) return fieldText(row[name], field);
  }
  return t('record.untitled');
}

export const isMasked = (row: RecordRow, field: Field): boolean => row._views?.[field.name] === 'masked';

export const mayEdit = (object: ObjectDef, field: Field): boolean =>
  object.acts.includes('update') && field.writable && !field.read_only && !field.system;

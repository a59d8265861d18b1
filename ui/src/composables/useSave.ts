/* Saves a change with the version that was read. When someone else was faster, the dialog asks what to keep and the
 * answer is saved on top of his version. */
import { shallowRef } from 'vue';
import { records } from '@/api';
import { Problem } from '@/api/client';
import type { RecordRow } from '@/api/types';

export interface Conflict {
  object: string;
  original: RecordRow;
  current: RecordRow;
  mine: Record<string, unknown>; // as sent
  shown: Record<string, unknown>; // as an editor held it, for display
  done: (row: RecordRow | null) => void;
}

export const conflict = shallowRef<Conflict | null>(null);

export async function saveRecord(
  object: string,
  original: RecordRow,
  mine: Record<string, unknown>,
  shown: Record<string, unknown> = mine,
): Promise<RecordRow | null> {
  try {
    return await records.update(object, original.id, original._version, mine);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'version_conflict' || !error.current) throw error;
    const current = error.current;
    return new Promise((done) => {
      conflict.value = { object, original, current, mine, shown, done };
    });
  }
}

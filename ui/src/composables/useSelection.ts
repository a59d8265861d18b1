/* Rows ticked for a bulk act; they stay ticked while paging. Shift ticks a range. */
import { reactive, ref } from 'vue';
import type { RecordRow } from '@/api/types';

export function useSelection(rows: () => RecordRow[]) {
  const selected = reactive(new Map<string, RecordRow>());
  const last = ref('');

  function toggle(row: RecordRow, range = false) {
    const all = rows();
    const from = all.findIndex((r) => r.id === last.value);
    const to = all.findIndex((r) => r.id === row.id);
    if (range && from >= 0 && to >= 0) {
      all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((r) => selected.set(r.id, r));
    } else if (selected.has(row.id)) selected.delete(row.id);
    else selected.set(row.id, row);
    last.value = row.id;
  }
  function all(on: boolean) {
    for (const row of rows()) {
      if (on) selected.set(row.id, row);
      else selected.delete(row.id);
    }
  }
  return { selected, toggle, all, clear: () => selected.clear() };
}

/* Many records in one request; those that ask for more are asked for together and done again. */
import { meet, post, type Wanted } from './client';

export interface BulkItem {
  id: string;
  version?: number;
  fields?: Record<string, unknown>;
}
export interface BulkResult {
  items: {
    status: number;
    id: string;
    error: { code?: string; detail?: string; title?: string; required?: Wanted } | null;
  }[];
}
type Asking = { id: string; error: { required: Wanted } };

/* All that any of them asks for. */
function together(list: Asking[]): Wanted {
  const approval = list.find((i) => i.error.required.approval);
  if (approval) return { ...approval.error.required, records: list.map((i) => i.id) };
  const all = list.map((i) => i.error.required);
  const minutes = all.map((w) => w.second_factor_minutes).filter((m) => typeof m === 'number');
  return {
    act: all[0]?.act ?? '',
    reason: all.some((w) => w.reason),
    second_factor_minutes: minutes.length ? Math.min(...minutes) : null,
  };
}

export async function bulk(path: string, act: string, items: BulkItem[]): Promise<BulkResult> {
  const first = await post<BulkResult>(path, { act, items });
  const asking = first.items.filter((i) => i.error?.required) as Asking[];
  if (!asking.length) return first;
  const rest = items.filter((i) => asking.some((a) => a.id === i.id));
  const met = await meet(together(asking));
  if (!met) return first;
  const again = await post<BulkResult>(path, { act, items: rest }, { reason: met.reason });
  const later = new Map(again.items.map((i) => [i.id, i]));
  return { ...first, items: first.items.map((i) => later.get(i.id) ?? i) };
}

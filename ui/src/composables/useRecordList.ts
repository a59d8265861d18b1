/* One page of records by the state in the address. Pages to 10,000 rows go by number, deeper ones by cursor. */
import { computed, reactive, ref, watch, type ComputedRef } from 'vue';
import { records } from '@/api';
import { Problem } from '@/api/client';
import type { ObjectDef, Page, RecordRow } from '@/api/types';
import { useAsync } from './useAsync';
import { whereOf, type ListState } from './useListState';

const DEEPEST = 10000;

export interface ListWish {
  object: ComputedRef<ObjectDef | undefined>;
  state: ComputedRef<ListState>;
  columns: ComputedRef<string[]>;
  limit: ComputedRef<number>;
  deleted: boolean;
}

export function useRecordList(wish: ListWish) {
  const cursors = reactive(new Map<number, string>());
  const items = ref<RecordRow[]>([]);
  const fresh = ref(false); // true while rows of the current wish are shown

  const question = computed(() => ({
    where: whereOf(wish.state.value.filters),
    search: wish.state.value.search || undefined,
    fields: [...new Set([...wish.columns.value, ...(wish.object.value?.title_fields ?? [])])],
    sort: wish.state.value.sort.length
      ? wish.state.value.sort
      : [wish.object.value?.default_sort ?? ''].filter(Boolean),
    limit: wish.limit.value,
    deleted: wish.deleted || undefined,
  }));

  const loading = useAsync<Page>(async (signal) => {
    const page = wish.state.value.page;
    const deep = page * wish.limit.value > DEEPEST;
    const cursor = deep ? cursors.get(page) : undefined;
    if (deep && !cursor) throw new Problem(422, { code: 'page_too_deep' });
    const place = cursor ? { cursor } : { page };
    return records.query(
      wish.object.value?.name ?? '',
      { ...question.value, ...place, count: true },
      { signal },
    );
  });

  watch(loading.data, (page) => {
    if (!page) return;
    items.value = page.items;
    fresh.value = true;
    if (page.next_cursor) cursors.set(wish.state.value.page + 1, page.next_cursor);
  });
  watch(
    () => JSON.stringify([wish.object.value?.name, question.value]),
    () => cursors.clear(),
  );
  watch(
    () => JSON.stringify([wish.object.value?.name, question.value, wish.state.value.page]),
    () => {
      fresh.value = false;
      if (wish.object.value) void loading.run();
    },
    { immediate: true },
  );

  const count = computed(() => loading.data.value?.count ?? null);
  const pages = computed(() => {
    if (!count.value || count.value.at_least) return null;
    return Math.max(1, Math.ceil(count.value.value / wish.limit.value));
  });
  const hasNext = computed(
    () => !!loading.data.value?.next_cursor || (pages.value ?? 0) > wish.state.value.page,
  );
  const deepest = computed(() => Math.floor(DEEPEST / wish.limit.value));

  function replace(row: RecordRow) {
    items.value = items.value.map((r) => (r.id === row.id ? { ...r, ...row } : r));
  }
  return { items, fresh, count, pages, hasNext, deepest, ...loading, replace };
}

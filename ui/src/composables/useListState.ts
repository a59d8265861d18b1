/* What a list shows, kept in the address so that "back" works and a link can be shared. What may be personal (search
 * text, filters on sealed fields) never goes there: the address then holds a random id of a filter kept in memory. */
import { computed, type ComputedRef } from 'vue';
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router';
import { newKey } from '@/api/client';
import type { Leaf, ObjectDef, Where } from '@/api/types';
import { isSealed } from '@/fields';

export interface ListState {
  filters: Where[];
  search: string;
  sort: string[];
  page: number;
  view: string;
  lost: boolean; // the address names a filter that this page no longer holds
}

interface Kept {
  filters: Where[];
  search: string;
}
const kept = new Map<string, Kept>();

export const isLeaf = (where: Where): where is Leaf => 'field' in where;

/* Several conditions are joined by "and". */
export function whereOf(filters: Where[]): Where | null {
  if (!filters.length) return null;
  return filters.length === 1 ? (filters[0] as Where) : { and: filters };
}
export function filtersOf(where: Where | null | undefined): Where[] {
  if (!where || !Object.keys(where).length) return [];
  return 'and' in where ? where.and : [where];
}

export function mayStandInAddress(filters: Where[], object: ObjectDef | undefined): boolean {
  return filters.every((where) => {
    if (!isLeaf(where)) return false;
    const field = object?.fields.find((f) => f.name === where.field);
    return !!field && !isSealed(field) && field.filterable;
  });
}

function readFilters(raw: unknown): Where[] {
  const parts = (Array.isArray(raw) ? raw : raw ? [raw] : []) as string[];
  return parts.flatMap((part) => {
    try {
      const [field, op, value] = JSON.parse(part) as [string, Leaf['op'], unknown];
      return typeof field === 'string' && typeof op === 'string' ? [{ field, op, value }] : [];
    } catch {
      return [];
    }
  });
}

export function readState(query: Record<string, unknown>): ListState {
  const secret = typeof query.s === 'string' ? kept.get(query.s) : undefined;
  return {
    filters: secret ? secret.filters : readFilters(query.f),
    search: secret?.search ?? '',
    sort: typeof query.sort === 'string' && query.sort ? query.sort.split(',') : [],
    page: Math.max(1, Number(query.page) || 1),
    view: typeof query.v === 'string' ? query.v : '',
    lost: typeof query.s === 'string' && !secret,
  };
}

export function writeState(state: ListState, object: ObjectDef | undefined): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  if (state.search || !mayStandInAddress(state.filters, object)) {
    const id = newKey().slice(0, 10);
    kept.set(id, { filters: state.filters, search: state.search });
    query.s = id;
  } else if (state.filters.length) {
    query.f = state.filters.map((w) =>
      JSON.stringify([(w as Leaf).field, (w as Leaf).op, (w as Leaf).value]),
    );
  }
  if (state.sort.length) query.sort = state.sort.join(',');
  if (state.page > 1) query.page = String(state.page);
  if (state.view) query.v = state.view;
  return query;
}

export function forgetFilters(): void {
  kept.clear();
}

export function useListState(object: ComputedRef<ObjectDef | undefined>) {
  const route = useRoute();
  const router = useRouter();
  const state = computed(() => readState(route.query));

  /* Anything but turning the page starts at the first one. */
  function update(change: Partial<ListState>, replace = false): void {
    const next = { ...state.value, page: 1, ...change };
    const to = { path: route.path, query: writeState(next, object.value) };
    void (replace ? router.replace(to) : router.push(to));
  }
  return { state, update };
}

/* Saved views of an object, shared by the picker and the list that has to resolve one from the address. */
import { ref, type Ref } from 'vue';
import { views as api } from '@/api';
import type { SavedView } from '@/api/types';

const all = new Map<string, Ref<SavedView[]>>();

export function useListViews(object: string) {
  const views = all.get(object) ?? ref<SavedView[]>([]);
  all.set(object, views);
  async function load(): Promise<void> {
    // A list works without its saved views: the picker then shows the plain list only.
    views.value = (await api.list(object).catch(() => ({ items: [] }))).items;
  }
  return { views, load };
}

export function forgetViews(): void {
  all.clear();
}

/* Saved views of an object, shared by the picker and the list that has to resolve one from the address. */
import { ref, type Ref } from 'vue';
import { views as api } from '@/api';
import type { SavedView } from '@/api/types';

const all = new Map<string, Ref<SavedView[]>>();
/* Whether the server keeps views at all; without that the list offers none. */
const kept = ref(false);

export function useListViews(object: string) {
  const views = all.get(object) ?? ref<SavedView[]>([]);
  all.set(object, views);
  async function load(): Promise<void> {
    try {
      views.value = (await api.list(object)).items;
      kept.value = true;
    } catch {
      // A list works without its saved views.
      views.value = [];
      kept.value = false;
    }
  }
  return { views, load, kept };
}

export function forgetViews(): void {
  all.clear();
}

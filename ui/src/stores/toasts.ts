import { defineStore } from 'pinia';
import { ref } from 'vue';

export interface Toast {
  id: number;
  kind: 'good' | 'bad' | 'info';
  text: string;
  action?: { label: string; run: () => void };
  detail?: string;
}

export const useToasts = defineStore('toasts', () => {
  const items = ref<Toast[]>([]);
  let last = 0;

  function close(id: number) {
    items.value = items.value.filter((t) => t.id !== id);
  }
  function show(toast: Omit<Toast, 'id'>, seconds = toast.action ? 10 : 5) {
    const id = ++last;
    items.value = [...items.value.slice(-3), { ...toast, id }];
    if (seconds) setTimeout(() => close(id), seconds * 1000);
    return id;
  }
  const good = (text: string) => show({ kind: 'good', text });
  const bad = (text: string, detail?: string) => show({ kind: 'bad', text, detail }, 8);
  return { items, show, good, bad, close };
});

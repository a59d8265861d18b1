/* What waits for the user and what became of his requests. Asked for when he opens a page or comes back to the window,
 * never by a clock: that would keep a session alive that nobody uses. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { people } from '@/api';
import type { News } from '@/api/access';

const REST_MS = 5000;

export const useNews = defineStore('news', () => {
  const news = ref<News>({ unread: 0, to_decide: 0 });
  let asked = 0;

  /* What can't be had just now is had with the next page. */
  async function load(now = false): Promise<void> {
    if (!now && Date.now() - asked < REST_MS) return;
    asked = Date.now();
    news.value = await people.news().catch(() => news.value);
  }
  async function seen(until: number): Promise<void> {
    news.value = await people.seen(until).catch(() => news.value);
  }
  return { news, load, seen };
});

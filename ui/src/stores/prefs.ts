/* The only thing kept in the browser: how Kedun looks (language, theme, rows a page, columns by field name). */
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';

export type Theme = 'auto' | 'light' | 'dark';
export type Language = 'zh' | 'en';
interface Prefs {
  language: Language;
  theme: Theme;
  limit: number;
  navFolded: boolean;
  columns: Record<string, string[]>;
}

const NAME = 'kedun.look';

function read(): Prefs {
  const fresh: Prefs = {
    language: navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh',
    theme: 'auto',
    limit: 50,
    navFolded: false,
    columns: {},
  };
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Prefs>;
    return { ...fresh, ...kept };
  } catch {
    return fresh;
  }
}

export const usePrefs = defineStore('prefs', () => {
  const prefs = reactive(read());
  const dark = matchMedia('(prefers-color-scheme: dark)');

  function paint() {
    const theme = prefs.theme === 'auto' ? (dark.matches ? 'dark' : 'light') : prefs.theme;
    document.documentElement.dataset.theme = theme;
  }

  watch(
    prefs,
    () => {
      try {
        localStorage.setItem(NAME, JSON.stringify(prefs));
      } catch {
        // Storage is blocked or full: the look is then for this page only.
      }
    },
    { deep: true },
  );
  watch(() => prefs.theme, paint, { immediate: true });
  dark.addEventListener('change', paint);
  return { prefs };
});

/* Messages are interpreted, never evaluated as code (JIT mode of vue-i18n), so the strict CSP holds. One language is
 * loaded at a time; en has the type of zh, so a missing text does not compile. */
import { createI18n } from 'vue-i18n';
import { setLanguage } from '@/api/client';
import type { Label } from '@/api/types';
import type { Language } from '@/stores/prefs';

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  fallbackLocale: false,
  missingWarn: false,
  fallbackWarn: false,
  messages: {} as Record<string, Record<string, string>>,
});

const loaders = {
  zh: () => import('./zh').then((m) => m.default),
  en: () => import('./en').then((m) => m.default),
};

export async function useLanguage(language: Language): Promise<void> {
  if (!i18n.global.availableLocales.includes(language)) {
    i18n.global.setLocaleMessage(language, (await loaders[language]()) as never);
  }
  (i18n.global.locale as unknown as { value: string }).value = language;
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  setLanguage(language);
}

export function language(): Language {
  return (i18n.global.locale as unknown as { value: Language }).value;
}

/* The mark that stands between words, in the language of the page. */
const marks = { '、': ', ', '：': ': ', '；': '; ' };
export const mark = (one: keyof typeof marks): string => (language() === 'zh' ? one : marks[one]);
/* What is said besides, in the brackets of the page's language. */
export const aside = (text: string | number): string => (language() === 'zh' ? `（${text}）` : ` (${text})`);

export const t = (key: string, named: Record<string, unknown> = {}): string =>
  (i18n.global.t as (key: string, named: Record<string, unknown>) => string)(key, named);
export const te = (key: string): boolean => i18n.global.te(key);

/* A role by its own label, else by the words for the roles that Kedun ships. */
export function roleName(role: { name: string; label?: Label }): string {
  return say(role.label) || (te(`role.${role.name}`) ? t(`role.${role.name}`) : role.name);
}

/* A definition's own label: the caller's language, the other one where it is empty. */
export function say(label: Label | null | undefined): string {
  if (!label) return '';
  return language() === 'zh' ? label.zh || label.en : label.en || label.zh;
}

/* How hard a password is to guess, reckoned as the keeper does (src/keeper/password_guess.h) and over the same words.
 * Loaded only where a password is chosen; nothing is sent anywhere. */
import words from '../../../src/keeper/password_words.inc?raw';

export const UNITS_LEAST = 7;
const OWN = [...words.matchAll(/"([^"]+)"/g)].map((m) => [...(m[1] ?? '')]);
const LEET: Record<string, string> = {
  '@': 'a',
  4: 'a',
  0: 'o',
  3: 'e',
  1: 'il',
  '!': 'i',
  $: 's',
  5: 's',
  7: 't',
};
const ROWS = [
  ...['1234567890-=', 'qwertyuiop[]', "asdfghjkl;'", 'zxcvbnm,./', '!@#$%^&*()'],
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik,', '9ol.'],
];

const standsFor = (typed: string, meant: string) => typed === meant || (LEET[typed] ?? '').includes(meant);
function wordAt(text: string[], at: number, word: string[]): number {
  if (word.length < 2 || at + word.length > text.length) return 0;
  return word.every((c, i) => standsFor(text[at + i] ?? '', c)) ? word.length : 0;
}
function runAt(text: string[], at: number): number {
  const code = (i: number) => text[i]?.codePointAt(0) ?? Number.NaN;
  const step = code(at + 1) - code(at);
  if (!(Math.abs(step) <= 1)) return 0;
  let n = 2;
  while (code(at + n) - code(at + n - 1) === step) n++;
  return n >= 3 ? n : 0;
}
function keysAt(text: string[], at: number): number {
  const near = (a: string, b: string) =>
    ROWS.some((r) => r.includes(a) && r.includes(b) && Math.abs(r.indexOf(a) - r.indexOf(b)) === 1);
  let n = 1;
  while (at + n < text.length && near(text[at + n - 1] ?? '', text[at + n] ?? '')) n++;
  return n >= 3 ? n : 0;
}
function period(text: string[]): number {
  for (let p = 1; p <= text.length / 2; p++) if (text.every((c, i) => i < p || c === text[i - p])) return p;
  return text.length;
}

/* A character that nothing explains counts one, an explained piece one. */
export function passwordUnits(password: string, own: string[] = []): number {
  const text = [...password.replace(/[A-Z]/g, (c) => c.toLowerCase())];
  const repeats = period(text);
  const part = text.slice(0, repeats);
  const all = [...OWN, ...own.map((w) => [...w.toLowerCase()])];
  let units = repeats < text.length ? 1 : 0;
  for (let at = 0; at < part.length; units++) {
    const word = Math.max(0, ...all.map((w) => wordAt(part, at, w)));
    const most = Math.max(word, runAt(part, at), keysAt(part, at));
    at += most < 4 && /^(19|20)\d\d/.test(part.slice(at, at + 4).join('')) ? 4 : Math.max(1, most);
  }
  return units;
}

export interface Judged {
  why: 'short' | 'kinds' | 'guessable' | '';
  level: 0 | 1 | 2 | 3; // 0: refused
}

/* What the keeper would say, but for the lists that only it has. */
export function judgePassword(
  password: string,
  rules: { least: number; kinds: number },
  own: string[] = [],
): Judged {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((k) => k.test(password)).length;
  const units = passwordUnits(password, own);
  if ([...password].length < rules.least) return { why: 'short', level: 0 };
  if (kinds < rules.kinds) return { why: 'kinds', level: 0 };
  if (units < UNITS_LEAST || new Set([...password.toLowerCase()]).size < 5)
    return { why: 'guessable', level: 0 };
  return { why: '', level: units >= 16 ? 3 : units >= 11 ? 2 : 1 };
}

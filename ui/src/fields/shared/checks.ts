/* Checks that a browser can make before the server does: the same rules, so that a form answers at once. */
import type { Field } from '@/api/types';
import type { Flaw } from '../types';

export const half = (text: string): string =>
  text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/\u3000/g, ' ');

export const squeeze = (text: unknown): string => half(String(text)).replace(/[\s-]/g, '');

export function checkText(value: unknown, field: Field): Flaw | null {
  const most = field.length_max ?? 0;
  if (most && [...String(value)].length > most) return { code: 'length', named: { n: most } };
  if (field.pattern) {
    try {
      if (!new RegExp(`^(?:${field.pattern})$`, 'u').test(String(value))) return { code: 'pattern' };
    } catch {
      // The server's dialect of expressions is richer: let the server say.
    }
  }
  return null;
}

export function checkRange(value: unknown, field: Field): Flaw | null {
  const n = Number(value);
  if (field.minimum !== null && field.minimum !== undefined && n < Number(field.minimum)) {
    return { code: 'minimum', named: { n: field.minimum } };
  }
  if (field.maximum !== null && field.maximum !== undefined && n > Number(field.maximum)) {
    return { code: 'maximum', named: { n: field.maximum } };
  }
  return null;
}

/* GB 11643-1999: ISO 7064 MOD 11-2. */
export function residentIdIsValid(text: string): boolean {
  const id = squeeze(text).toUpperCase();
  if (!/^\d{17}[\dX]$/.test(id)) return false;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((s, w, i) => s + w * Number(id[i]), 0);
  return '10X98765432'[sum % 11] === id[17];
}

/* GB 32100-2015: MOD 31 over 31 characters. */
export function creditCodeIsValid(text: string): boolean {
  const code = squeeze(text).toUpperCase();
  const letters = '0123456789ABCDEFGHJKLMNPQRTUWXY';
  if (code.length !== 18 || [...code].some((c) => !letters.includes(c))) return false;
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const sum = weights.reduce((s, w, i) => s + w * letters.indexOf(code[i] ?? ''), 0);
  return letters[(31 - (sum % 31)) % 31] === code[17];
}

/* ISO/IEC 7812-1, Annex B. */
export function luhnIsValid(text: string): boolean {
  const digits = squeeze(text);
  if (!/^\d{12,19}$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((s, c, i) => {
    const twice = Number(c) * (i % 2 ? 2 : 1);
    return s + (twice > 9 ? twice - 9 : twice);
  }, 0);
  return sum % 10 === 0;
}

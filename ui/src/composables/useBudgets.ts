/* Flattens the budgets of /me into lines: kind, class, window, used, limit. */
import type { Budgets, Meter, Windows } from '@/api/types';

export interface BudgetLine {
  kind: string;
  cls: string;
  window: string;
  used: number;
  limit: number | null;
}

const isMeter = (x: unknown): x is Meter => typeof x === 'object' && x !== null && 'used' in x;
const WINDOWS = ['minute', 'hour', 'day'];

function linesOf(kind: string, cls: string, windows: Windows): BudgetLine[] {
  return WINDOWS.filter((w) => isMeter(windows[w])).map((window) => {
    const meter = windows[window] as Meter;
    return { kind, cls, window, used: meter.used, limit: meter.limit ?? null };
  });
}

export function budgetLines(budgets: Budgets | undefined | null): BudgetLine[] {
  return Object.entries(budgets ?? {}).flatMap(([kind, value]) => {
    const inner = Object.values(value ?? {});
    if (inner.some(isMeter)) return linesOf(kind, '', value as Windows);
    return Object.entries(value ?? {}).flatMap(([cls, windows]) =>
      linesOf(kind, cls, (windows ?? {}) as Windows),
    );
  });
}

/* The tightest line of each kind and class: what will run out first. */
export function tightest(lines: BudgetLine[]): BudgetLine[] {
  const best = new Map<string, BudgetLine>();
  for (const line of lines) {
    if (!line.limit) continue; // no limit, or nothing allowed at all
    const key = `${line.kind}/${line.cls}`;
    const left = line.limit - line.used;
    const other = best.get(key);
    if (!other || left < (other.limit ?? 0) - other.used) best.set(key, line);
  }
  return [...best.values()];
}

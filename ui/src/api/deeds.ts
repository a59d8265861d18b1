/* High-risk acts: what the company's document asks of them. */
export const ACTS = ['delete', 'update', 'transfer', 'import', 'reveal'] as const;
export type ActName = (typeof ACTS)[number];
export interface ActTerms {
  above?: number; // a person's records of a UTC day that are free
  reason?: boolean;
  second_factor_minutes?: number | null; // 0 asks for none
}
export type HighRisk = Partial<Record<ActName, ActTerms>>;

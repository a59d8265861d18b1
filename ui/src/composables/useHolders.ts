/* Who has which role now: of his own, by a post, or for a time; from the administrators' lists. */
import { people } from '@/api';
import type { RightKind } from '@/api/rights';
import type { PersonItem } from '@/api/types';

export interface Holder {
  user: number;
  name: string;
  login: string;
  department: number;
  duty: boolean;
  kind: RightKind;
  right: string;
  ref: number;
  until: number | null;
}
const PAGE = 200;
const PAGES_MOST = 25;

function ofDocument(one: PersonItem, now: number): Holder[] {
  const d = one.document;
  const posts = (d.posts ?? []).filter((p) => p.from <= now && (!p.until || now < p.until));
  const base = {
    user: one.id,
    name: d.name,
    login: d.login,
    department: one.department,
    duty: !!d.duties?.length,
    until: null,
  };
  if (d.posts?.length && !posts.length) return [];
  return [
    ...(d.roles ?? []).map((right): Holder => ({ ...base, kind: 'role', right, ref: 0 })),
    ...posts.flatMap((p) =>
      (d.post_roles?.[String(p.id)] ?? []).map((right): Holder => ({
        ...base,
        kind: 'post_role',
        right,
        ref: p.id ?? 0,
        until: p.until ?? null,
      })),
    ),
  ];
}

/* Live accounts alone: who is disabled or past his end has nothing to take away. */
export async function loadHolders(): Promise<Holder[]> {
  const now = Date.now();
  const out: Holder[] = [];
  const known = new Map<number, PersonItem>();
  for (let page = 1; page <= PAGES_MOST; page++) {
    const { items, total } = await people.list({ state: 'active', limit: PAGE, page });
    for (const one of items) {
      known.set(one.id, one);
      out.push(...ofDocument(one, now));
    }
    if (page * PAGE >= total) break;
  }
  for (const g of (await people.grants({ live: true })).items) {
    const one = known.get(g.user);
    if (!one || g.ended || g.since > now || now >= g.until) continue;
    for (const right of g.object ? [g.name ?? ''] : g.roles)
      out.push({
        user: g.user,
        name: one.document.name,
        login: one.document.login,
        department: one.department,
        duty: false,
        kind: g.object ? 'access' : g.from ? 'loan' : 'grant',
        right,
        ref: g.id,
        until: g.until,
      });
  }
  return out;
}

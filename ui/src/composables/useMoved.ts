/* For whoever leads departments: who went elsewhere and still owns customers of them, and what is offered to be handed on.
 * The counts come by the guarded path, of what the reader sees himself. */
import { ref } from 'vue';
import { people, records, session as directory } from '@/api';
import type { HandoverOffer, Handovers } from '@/api/handover_types';
import type { Directory } from '@/api/types';
import { useObjects } from '@/stores/objects';

export interface Moved {
  id: number;
  name: string;
  count: number;
  left: { department: number; at: string } | null; // lately
}

/* The departments and all below them. */
export function below(list: Directory['departments'], leads: number[]): number[] {
  const all = new Set(leads);
  for (let size = 0; size !== all.size;) {
    size = all.size;
    for (const d of list) if (all.has(Number(d.parent ?? 0))) all.add(Number(d.id));
  }
  return [...all];
}

export function useMoved() {
  const objects = useObjects();
  const staff = ref<Directory['users']>([]);
  const found = ref<Moved[]>([]);
  const offers = ref<HandoverOffer[]>([]);
  /** Whose records the reader handed on lately: they may have to be given back, and be none any more. */
  function handedOn(answer: Handovers): Moved[] {
    const since = Date.now() - 14 * 86400e3;
    const out = new Map<number, Moved>();
    for (const run of answer.runs)
      if (run.rule.within && Date.parse(run.at) > since && !found.value.some((f) => f.id === run.user))
        out.set(run.user, { id: run.user, name: run.name, count: 0, left: null });
    return [...out.values()];
  }
  /** lately: only those of whom the server knows when they left. */
  async function load(lately: boolean): Promise<void> {
    if (!objects.find('customer')?.acts.includes('transfer')) return;
    const answer = await people.handovers();
    offers.value = answer.offers;
    if (!answer.leads.length || (lately && !answer.moved.length)) {
      found.value = [];
      return;
    }
    const all = await directory.directory();
    const places = below(all.departments, answer.leads);
    const there = { field: 'department', op: 'in' as const, value: places };
    const who = { field: 'owner', op: 'in' as const, value: answer.moved.map((m) => m.user) };
    const groups = await records.groups('customer', 'owner', lately ? { and: [who, there] } : there);
    staff.value = all.users.filter((u) => !u.disabled && places.includes(Number(u.department)));
    const here = new Set(staff.value.map((u) => Number(u.id)));
    found.value = groups.items
      .filter((g) => g.value && !here.has(Number(g.value.id)))
      .map((g) => ({
        id: Number(g.value?.id),
        name: g.value?.name ?? '',
        count: g.count,
        left: answer.moved.find((m) => m.user === Number(g.value?.id)) ?? null,
      }))
      .filter((g) => all.users.some((u) => Number(u.id) === g.id && !u.disabled && !u.led));
    if (!lately) found.value.push(...handedOn(answer));
  }
  return { staff, found, offers, load };
}

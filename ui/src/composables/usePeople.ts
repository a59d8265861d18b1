/* Names of people, departments and roles for the pages that administer them. */
import { computed, ref } from 'vue';
import { people, session } from '@/api';
import { Problem } from '@/api/client';
import type { Directory, RoleItem } from '@/api/types';
import { roleName, say } from '@/i18n';
import { problemText, requestId } from '@/i18n/problem';
import { useToasts } from '@/stores/toasts';

export interface Place {
  id: number;
  name: string;
  depth: number;
  parent: number;
  branch: boolean;
  closed: boolean;
}

/* Parents before children; a ring in the data ends the walk. */
function tree(list: Directory['departments']): Place[] {
  const out: Place[] = [];
  const walk = (parent: number, depth: number) => {
    for (const d of list) {
      if (Number(d.parent ?? 0) !== parent || depth > 20) continue;
      out.push({ id: Number(d.id), name: d.name, depth, parent, branch: !!d.branch, closed: !!d.closed });
      walk(Number(d.id), depth + 1);
    }
  };
  walk(0, 0);
  return out;
}

export function usePeople() {
  const directory = ref<Directory>({ users: [], departments: [] });
  const roles = ref<RoleItem[]>([]);
  const toasts = useToasts();
  async function load(): Promise<void> {
    const [d, r] = await Promise.all([session.directory(), people.roles()]);
    directory.value = d;
    roles.value = r.items;
  }
  const everywhere = computed(() => tree(directory.value.departments));
  const departments = computed(() => everywhere.value.filter((d) => !d.closed));
  const users = computed(() => directory.value.users.filter((u) => !u.disabled));
  const nameOf = (id: number) => directory.value.users.find((u) => Number(u.id) === id)?.name ?? `#${id}`;
  const placeOf = (id: number | null | undefined) => everywhere.value.find((d) => d.id === id)?.name ?? '—';
  function roleOf(name: string): string {
    const role = roles.value.find((r) => r.name === name);
    return role ? say(role.label) || roleName(role) : roleName({ name });
  }
  /* Does it, says so, and tells what went wrong. */
  async function act(run: () => Promise<unknown>, done: string): Promise<boolean> {
    try {
      await run();
      if (done) toasts.good(done);
      return true;
    } catch (error) {
      toasts.bad(problemText(error), requestId(error));
      return false;
    }
  }
  const role = (id: number | undefined) => roles.value.find((r) => r.id === id)?.document;
  const needsSecond = (error: unknown) => error instanceof Problem && error.code === 'needs_second';
  return {
    load,
    directory,
    departments,
    everywhere,
    users,
    roles,
    nameOf,
    placeOf,
    roleOf,
    act,
    needsSecond,
    role,
  };
}

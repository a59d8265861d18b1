/* Definitions of the objects and the staff directory, as the caller may see them; loaded once a session. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { objects as api, session } from '@/api';
import type { Directory, Field, ObjectDef } from '@/api/types';

export const useObjects = defineStore('objects', () => {
  const items = shallowRef<ObjectDef[]>([]);
  const directory = shallowRef<Directory>({ users: [], departments: [] });
  const loaded = ref(false);
  const byName = computed(() => new Map(items.value.map((o) => [o.name, o])));
  const userNames = computed(() => new Map(directory.value.users.map((u) => [String(u.id), u.name])));
  const departmentNames = computed(
    () => new Map(directory.value.departments.map((d) => [String(d.id), d.name])),
  );

  async function load(): Promise<void> {
    const [defs, people] = await Promise.all([
      api.list(),
      session.directory().catch(() => ({ users: [], departments: [] })),
    ]);
    items.value = defs.items;
    directory.value = people;
    loaded.value = true;
  }
  function forget() {
    items.value = [];
    directory.value = { users: [], departments: [] };
    loaded.value = false;
  }
  const find = (name: string): ObjectDef | undefined => byName.value.get(name);
  const field = (object: string, name: string): Field | undefined =>
    find(object)?.fields.find((f) => f.name === name);
  const listable = computed(() => items.value.filter((o) => o.acts.includes('list')));
  /* Objects with a reference to `name`: the related lists of its full page. */
  const children = (name: string) =>
    listable.value.flatMap((o) =>
      o.fields
        .filter((f) => f.type === 'reference' && f.reference === name && f.filterable)
        .slice(0, 1)
        .map((f) => ({ object: o, field: f })),
    );

  return {
    items,
    directory,
    loaded,
    listable,
    userNames,
    departmentNames,
    load,
    forget,
    find,
    field,
    children,
  };
});

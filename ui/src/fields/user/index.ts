import { defineAsyncComponent } from 'vue';
import { idOf } from '../shared/ids';
import type { FieldModule } from '../types';

const user: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  text: (value, _field, context) => (value as { name?: string })?.name ?? context.user(value),
  edit: idOf,
  ops: ['eq', 'in', 'ne', 'is_null', 'not_null'],
  width: 96,
};
export default user;

import { defineAsyncComponent } from 'vue';
import { idOf } from '../shared/ids';
import type { FieldModule } from '../types';

const department: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  text: (value, _field, context) => (value as { name?: string })?.name ?? context.department(value),
  edit: idOf,
  ops: ['eq', 'in', 'ne', 'is_null', 'not_null'],
  width: 110,
};
export default department;

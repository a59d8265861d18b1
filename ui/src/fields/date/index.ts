import { defineAsyncComponent } from 'vue';
import type { FieldModule } from '../types';

const date: FieldModule = {
  editor: defineAsyncComponent(() => import('../shared/DateInput.vue')),
  text: (value) => String(value).slice(0, 10),
  check: (value) => (/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? null : { code: 'date' }),
  ops: ['between', 'eq', 'lt', 'gt', 'le', 'ge', 'is_null', 'not_null'],
  width: 108,
};
export default date;

import { defineAsyncComponent } from 'vue';
import { localTime } from '../shared/time';
import type { FieldModule } from '../types';

const datetime: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  text: (value) => localTime(value),
  check: (value) => (Number.isNaN(Date.parse(String(value))) ? { code: 'date' } : null),
  send: (value) => new Date(String(value)).toISOString(),
  ops: ['between', 'lt', 'gt', 'is_null', 'not_null'],
  width: 136,
};
export default datetime;

import { say } from '@/i18n';
import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import type { FieldModule } from '../types';

const choice: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value, field) => say(field.choices?.find((c) => c.key === value)?.label) || String(value),
  ops: ['in', 'eq', 'ne', 'is_null', 'not_null'],
  width: 110,
};
export default choice;

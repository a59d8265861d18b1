import { mark, say } from '@/i18n';
import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import { listOf } from '../shared/lists';
import type { FieldModule } from '../types';

const multiChoice: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value, field) =>
    listOf(value)
      .map((key) => say(field.choices?.find((c) => c.key === key)?.label) || key)
      .join(mark('、')),
  edit: listOf,
  ops: ['has', 'is_null', 'not_null'],
  width: 160,
};
export default multiChoice;

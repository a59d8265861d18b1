import { mark } from '@/i18n';
import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import { listOf } from '../shared/lists';
import type { FieldModule } from '../types';

const tag: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value) => listOf(value).join(mark('、')),
  edit: listOf,
  ops: ['has', 'is_null', 'not_null'],
  width: 160,
};
export default tag;

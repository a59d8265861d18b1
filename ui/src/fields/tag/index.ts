import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import { listOf } from '../shared/lists';
import type { FieldModule } from '../types';

const tag: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value) => listOf(value).join('、'),
  edit: listOf,
  ops: ['has', 'is_null', 'not_null'],
  width: 160,
};
export default tag;

import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import { checkText } from '../shared/checks';
import type { FieldModule } from '../types';

const longText: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value) => String(value),
  check: checkText,
  ops: ['contains', 'is_null', 'not_null'],
  wide: true,
  width: 260,
};
export default longText;

import { defineAsyncComponent } from 'vue';
import Display from './Display.vue';
import { t } from '@/i18n';
import { idOf } from '../shared/ids';
import type { FieldModule } from '../types';

const reference: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  display: Display,
  text: (value) => (value as { title?: string | null })?.title ?? t('common.notVisible'),
  send: idOf,
  ops: ['eq', 'is_null', 'not_null'],
  width: 190,
};
export default reference;

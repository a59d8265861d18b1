import { t } from '@/i18n';
import { defineAsyncComponent } from 'vue';
import type { FieldModule } from '../types';

const boolean: FieldModule = {
  editor: defineAsyncComponent(() => import('./Editor.vue')),
  text: (value) => (value === true || value === 1 ? t('common.yes') : t('common.no')),
  ops: ['eq', 'is_null', 'not_null'],
  width: 80,
};
export default boolean;

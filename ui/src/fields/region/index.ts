import Display from './Display.vue';
import TextInput from '../shared/TextInput.vue';
import { regionText } from './provinces';
import type { FieldModule } from '../types';

const region: FieldModule = {
  editor: TextInput,
  display: Display,
  text: regionText,
  check: (value) => (/^[1-9]\d{5}$/.test(String(value).trim()) ? null : { code: 'region' }),
  edit: (value) => (typeof value === 'object' && value ? ((value as { code?: string }).code ?? '') : value),
  ops: ['eq', 'starts_with', 'in', 'is_null', 'not_null'],
  width: 120,
};
export default region;

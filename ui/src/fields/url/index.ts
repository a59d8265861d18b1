import TextInput from '../shared/TextInput.vue';
import Display from './Display.vue';
import type { FieldModule } from '../types';

const url: FieldModule = {
  editor: TextInput,
  display: Display,
  text: (value) =>
    String(value)
      .replace(/^https?:\/\//, '')
      .replace(/\/$/, ''),
  check: (value) => (/^https?:\/\/[^\s/]+\S*$/i.test(String(value).trim()) ? null : { code: 'url' }),
  ops: ['contains', 'eq', 'is_null', 'not_null'],
  width: 180,
};
export default url;

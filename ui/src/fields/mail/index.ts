import TextInput from '../shared/TextInput.vue';
import { half } from '../shared/checks';
import type { FieldModule } from '../types';

const mail: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: (value) =>
    /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(half(String(value)).trim()) ? null : { code: 'mail' },
  ops: ['eq', 'ends_with', 'contains', 'is_null', 'not_null'],
  width: 190,
};
export default mail;

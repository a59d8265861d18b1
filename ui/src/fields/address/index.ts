import TextInput from '../shared/TextInput.vue';
import { checkText } from '../shared/checks';
import type { FieldModule } from '../types';

const address: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: checkText,
  ops: ['contains', 'is_null', 'not_null'],
  wide: true,
  width: 240,
};
export default address;

import TextInput from '../shared/TextInput.vue';
import { checkText } from '../shared/checks';
import type { FieldModule } from '../types';

const personName: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: checkText,
  ops: ['contains', 'eq', 'is_null', 'not_null'],
  width: 110,
};
export default personName;

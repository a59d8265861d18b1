import TextInput from '../shared/TextInput.vue';
import { checkText } from '../shared/checks';
import type { FieldModule } from '../types';

const text: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: checkText,
  ops: ['contains', 'eq', 'ne', 'starts_with', 'in', 'is_null', 'not_null'],
  width: 200,
};
export default text;

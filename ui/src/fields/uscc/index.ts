import TextInput from '../shared/TextInput.vue';
import { creditCodeIsValid } from '../shared/checks';
import type { FieldModule } from '../types';

const creditCode: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: (value) => (creditCodeIsValid(String(value)) ? null : { code: 'uscc' }),
  ops: ['eq', 'starts_with', 'ends_with', 'is_null', 'not_null'],
  mono: true,
  width: 176,
};
export default creditCode;

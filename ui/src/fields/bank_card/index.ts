import TextInput from '../shared/TextInput.vue';
import { luhnIsValid } from '../shared/checks';
import type { FieldModule } from '../types';

const bankCard: FieldModule = {
  editor: TextInput,
  text: (value) => String(value).replace(/([\d*]{4})(?=[\d*])/g, '$1 '),
  check: (value) => (luhnIsValid(String(value)) ? null : { code: 'bank_card' }),
  ops: ['eq', 'ends_with', 'is_null', 'not_null'],
  mono: true,
  width: 190,
};
export default bankCard;

import TextInput from '../shared/TextInput.vue';
import { residentIdIsValid } from '../shared/checks';
import type { FieldModule } from '../types';

const residentId: FieldModule = {
  editor: TextInput,
  text: (value) => String(value),
  check: (value) => (residentIdIsValid(String(value)) ? null : { code: 'cn_resident_id' }),
  ops: ['eq', 'ends_with', 'is_null', 'not_null'],
  mono: true,
  width: 176,
};
export default residentId;

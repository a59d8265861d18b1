import TextInput from '../shared/TextInput.vue';
import { squeeze } from '../shared/checks';
import type { FieldModule } from '../types';

/* +8613812345678 reads as 138 1234 5678; masks keep their stars. */
export const spaced = (value: unknown): string =>
  String(value)
    .replace(/^\+86/, '')
    .replace(/^([\d*]{3})([\d*]{4})([\d*]{4})$/, '$1 $2 $3');

const mobile: FieldModule = {
  editor: TextInput,
  text: spaced,
  edit: (value) => String(value).replace(/^\+86/, ''),
  check: (value) =>
    /^((\+|00)?86)?1[3-9]\d{9}$|^\+(?!86)\d{6,15}$/.test(squeeze(value)) ? null : { code: 'mobile' },
  ops: ['eq', 'ends_with', 'contains', 'is_null', 'not_null'],
  width: 128,
};
export default mobile;

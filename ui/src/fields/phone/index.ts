import TextInput from '../shared/TextInput.vue';
import { squeeze } from '../shared/checks';
import type { FieldModule } from '../types';

const phone: FieldModule = {
  editor: TextInput,
  text: (value) =>
    String(value)
      .replace(/^\+86(?=1[3-9]\d{9}$)/, '')
      .replace(/^\+86/, '0')
      .replace(';ext=', ' × '),
  check: (value) =>
    /^\+?[\d()（）]{5,20}((;ext=|x|转|#)\d{1,6})?$/i.test(squeeze(value)) ? null : { code: 'phone' },
  ops: ['eq', 'ends_with', 'contains', 'is_null', 'not_null'],
  width: 140,
};
export default phone;

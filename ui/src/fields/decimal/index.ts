import TextInput from '../shared/TextInput.vue';
import { checkRange } from '../shared/checks';
import { grouped, plainNumber } from '../shared/numbers';
import type { FieldModule } from '../types';

const decimal: FieldModule = {
  editor: TextInput,
  text: (value) => grouped(value),
  check: (value, field) =>
    /^[+-]?\d{1,12}(\.\d{1,6})?$/.test(plainNumber(value))
      ? checkRange(plainNumber(value), field)
      : { code: 'decimal' },
  send: plainNumber,
  ops: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'is_null', 'not_null'],
  align: 'end',
  width: 110,
};
export default decimal;

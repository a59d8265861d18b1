import TextInput from '../shared/TextInput.vue';
import { checkRange } from '../shared/checks';
import { grouped, plainNumber } from '../shared/numbers';
import type { FieldModule } from '../types';

const integer: FieldModule = {
  editor: TextInput,
  text: (value) => grouped(value),
  check: (value, field) =>
    /^[+-]?\d{1,18}$/.test(plainNumber(value)) ? checkRange(plainNumber(value), field) : { code: 'integer' },
  send: (value) => Number(plainNumber(value)),
  ops: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'is_null', 'not_null'],
  align: 'end',
  width: 100,
};
export default integer;

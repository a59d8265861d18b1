import TextInput from '../shared/TextInput.vue';
import { checkRange } from '../shared/checks';
import { grouped, plainNumber } from '../shared/numbers';
import type { FieldModule } from '../types';

const SIGNS: Record<string, string> = { CNY: '¥', USD: '$', EUR: '€', GBP: '£', HKD: 'HK$', JPY: 'JP¥' };

const money: FieldModule = {
  editor: TextInput,
  text: (value, field) => {
    const sign = SIGNS[field.currency ?? 'CNY'] ?? `${field.currency} `;
    const amount = grouped(value);
    return amount.startsWith('−') ? `−${sign}${amount.slice(1)}` : `${sign}${amount}`;
  },
  check: (value, field) =>
    /^[+-]?\d{1,15}(\.\d{1,2})?$/.test(plainNumber(value))
      ? checkRange(plainNumber(value), field)
      : { code: 'money' },
  send: (value) => {
    const [whole = '0', cents = ''] = plainNumber(value).split('.');
    return `${whole}.${cents.padEnd(2, '0')}`;
  },
  ops: ['between', 'eq', 'lt', 'le', 'gt', 'ge', 'is_null', 'not_null'],
  align: 'end',
  width: 130,
};
export default money;

// Values that can be recognised wherever they come out: one canary for each record and field, made from the
// object definitions by type.
import { bankCard, residentId } from '../api/people.mjs';

let next = 1;
const rare = (n) => String.fromCodePoint(0x9b00 + n);
const word = (n) => `Zq${(n * 7919 + 60466176).toString(36)}x`;

function uscc(n) {
  const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const body = `91330106MA${String(1000000 + n)}`;
  const sum = [...body].reduce((s, c, i) => s + alphabet.indexOf(c) * weights[i], 0);
  return body + alphabet[(31 - (sum % 31)) % 31];
}

// {value: what is written, marks: texts that give it away}; marks empty: of a small domain, checked by its key alone.
export function canary(field, n = next++) {
  const w = word(n);
  switch (field.type) {
    case 'person_name': return { value: `钱${rare(2 * n)}${rare(2 * n + 1)}`, marks: [rare(2 * n + 1)] };
    case 'text': case 'long_text': return { value: `公司${w}`, marks: [w] };
    case 'address': return { value: `杭州市西湖区${w}号`, marks: [w] };
    case 'mobile': return { value: `139${77000000 + n}`, marks: [`${77000000 + n}`] };
    case 'phone': return { value: `0571-${81230000 + n}`, marks: [`${81230000 + n}`] };
    case 'mail': return { value: `a${w.toLowerCase()}@canary.cn`, marks: [w.toLowerCase()] };
    case 'cn_resident_id': { const v = residentId(n); return { value: v, marks: [v.slice(6, 14) + v.slice(14)] }; }
    case 'bank_card': { const v = bankCard(55500000 + n); return { value: v, marks: [v.slice(8)] }; }
    case 'uscc': { const v = uscc(n); return { value: v, marks: [v] }; }
    case 'url': return { value: `https://${w.toLowerCase()}.cn`, marks: [w.toLowerCase()] };
    case 'tag': return { value: [w], marks: [w] };
    case 'money': return { value: `${8800000 + n}.17`, marks: [`${8800000 + n}.17`] };
    case 'integer': return { value: 7700000 + n, marks: [`${7700000 + n}`] };
    case 'date': { const v = `19${60 + (n % 30)}-0${1 + (n % 9)}-${10 + (n % 18)}`; return { value: v, marks: [`"${v}"`] }; }
    case 'datetime': { const v = `2031-0${1 + (n % 9)}-${10 + (n % 18)}T03:${10 + (n % 49)}:07Z`; return { value: v, marks: [v.slice(0, 19)] }; }
    case 'choice': return { value: field.choices[n % field.choices.length].key, marks: [] };
    case 'boolean': return { value: true, marks: [] };
    default: return undefined; // references are planted by hand; a region has no value of its own
  }
}

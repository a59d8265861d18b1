// Values that can be recognised wherever they come out: one canary for each record and field, made from the
// object definitions by type.
import { bankCard, residentId } from '../api/people.mjs';

let next = 1;
let nextName = 1;
const rare = (n) => String.fromCodePoint(0x9b00 + n);
const word = (n) => `Zq${(n * 7919 + 60466176).toString(36)}x`;
const DAY = 86400000;

function uscc(n) {
  const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const body = `91330106MA${String(1000000 + n)}`;
  const sum = [...body].reduce((s, c, i) => s + alphabet.indexOf(c) * weights[i], 0);
  return body + alphabet[(31 - (sum % 31)) % 31];
}

// {value: what is written, marks: texts that give it away, numbers: the same as a cursor may hold it, deep: instead of
// marks among decoded bytes, where three may stand together by chance}; marks empty: of a small domain, checked by its
// key alone.
export function canary(field, n = next++) {
  const w = word(n);
  const marked = (value, mark, ...numbers) => ({ value, marks: [mark], numbers });
  switch (field.type) {
    case 'person_name': { const at = 2 * nextName++; return { ...marked(`钱${rare(at)}${rare(at + 1)}`, rare(at + 1)), deep: [rare(at) + rare(at + 1)] }; }
    case 'text': case 'long_text': return marked(`公司${w}`, w);
    case 'address': return marked(`杭州市西湖区${w}号`, w);
    case 'mobile': return marked(`139${77000000 + n}`, `${77000000 + n}`);
    case 'phone': return marked(`0571-${81230000 + n}`, `${81230000 + n}`);
    case 'mail': return marked(`a${w.toLowerCase()}@canary.cn`, w.toLowerCase());
    case 'cn_resident_id': { const v = residentId(n); return marked(v, v.slice(6)); }
    case 'bank_card': { const v = bankCard(55500000 + n); return marked(v, v.slice(8)); }
    case 'uscc': { const v = uscc(n); return marked(v, v); }
    case 'url': return marked(`https://${w.toLowerCase()}.cn`, w.toLowerCase());
    case 'tag': return marked([w], w);
    case 'money': return marked(`${8800000 + n}.17`, `${8800000 + n}.17`, (8800000 + n) * 100 + 17, (8800000 + n) * 10000 + 1700);
    case 'integer': return field.name === 'satisfaction' || field.name === 'probability' ? { value: 1 + (n % 5), marks: [], numbers: [] } : marked(7700000 + n, `${7700000 + n}`, 7700000 + n);
    case 'date': { const at = -7300 + 11 * n; const v = new Date(at * DAY).toISOString().slice(0, 10); return marked(v, `"${v}"`, at); }
    case 'datetime': { const at = Date.UTC(2031, 0, 1, 3, 0, 7) + n * 61001000; return marked(new Date(at).toISOString().replace('.000', ''), new Date(at).toISOString().slice(0, 19), at); }
    case 'choice': return { value: field.choices[n % field.choices.length].key, marks: [], numbers: [] };
    case 'boolean': return { value: true, marks: [], numbers: [] };
    default: return undefined; // references are planted by hand; a region has no value of its own
  }
}

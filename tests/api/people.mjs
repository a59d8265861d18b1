// Values for test records: valid, never anybody's. Numbers count up, so no two calls collide within a process.
let next = Number(process.env.KEDUN_SEED ?? 0);
const digits = (n, width) => String(n).padStart(width, '0');

export const mobile = () => `1380${digits(1000000 + next++, 7)}`;

export function residentId(n = next++) {
  const body = `330106${1960 + (n % 40)}${digits(1 + (n % 12), 2)}${digits(1 + (n % 28), 2)}${digits(n % 1000, 3)}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = [...body].reduce((s, d, i) => s + Number(d) * weights[i], 0);
  return body + '10X98765432'[sum % 11];
}

export function bankCard(n = next++) {
  const body = `622848${digits(n, 12)}`;
  const sum = [...body].reverse().reduce((s, d, i) => {
    let v = Number(d) * (i % 2 === 0 ? 2 : 1);
    if (v > 9) v -= 9;
    return s + v;
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}

export const company = (fields = {}) => ({ customer_type: 'company', name: `测试公司${next++}`, mobile: mobile(), ...fields });
export const person = (fields = {}) => ({ customer_type: 'person', person_name: '张三', mobile: mobile(), ...fields });

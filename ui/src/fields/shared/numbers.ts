/* Decimal text is never turned into a binary fraction: 0.10 stays 0.10 and 16 digits stay 16 digits. */
export function grouped(value: unknown): string {
  const match = /^([+-]?)(\d+)(\.\d+)?$/.exec(String(value).trim());
  if (!match) return String(value);
  return `${match[1] === '-' ? '−' : ''}${(match[2] ?? '').replace(/\B(?=(\d{3})+$)/g, ',')}${match[3] ?? ''}`;
}

export const plainNumber = (value: unknown): string =>
  String(value)
    .replace(/[\uff0c,\s¥￥$€£]/g, '')
    .replace(/[\uff10-\uff19]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace('．', '.')
    .replace('−', '-');

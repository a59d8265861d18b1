const two = (n: number): string => String(n).padStart(2, '0');

/* "2026-11-22 09:30" in the reader's own time zone; the same shape in both languages, so columns line up. */
export function localTime(value: unknown, seconds = false): string {
  const at = new Date(typeof value === 'number' ? value : String(value));
  if (Number.isNaN(at.getTime())) return String(value ?? '');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return seconds ? `${day} ${time}:${two(at.getSeconds())}` : `${day} ${time}`;
}

/* "3 分钟前": for things that just happened; older ones show their date. */
export function ago(value: unknown, language: string, now = Date.now()): string {
  const at = Date.parse(String(value));
  if (Number.isNaN(at)) return '';
  const seconds = Math.round((at - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language === 'zh' ? 'zh-CN' : 'en', { numeric: 'auto' });
  if (Math.abs(seconds) < 60) return format.format(seconds, 'second');
  if (Math.abs(seconds) < 3600) return format.format(Math.round(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86400) return format.format(Math.round(seconds / 3600), 'hour');
  if (Math.abs(seconds) < 86400 * 14) return format.format(Math.round(seconds / 86400), 'day');
  return localTime(value).slice(0, 10);
}

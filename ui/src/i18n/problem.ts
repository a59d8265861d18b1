import { isAbort, Problem } from '@/api/client';
import { t, te } from '.';

/* What went wrong, in the reader's language: Kedun's own words for a known code, else the server's. */
export function problemText(error: unknown): string {
  if (isAbort(error)) return '';
  if (!(error instanceof Problem)) return t('problem.unexpected');
  const named = { seconds: error.retryAfter || '' };
  if (te(`problem.${error.code}`)) {
    const said = t(`problem.${error.code}`, named);
    const wait = error.retryAfter > 0 && !said.includes(String(error.retryAfter));
    return wait ? `${said} ${t('problem.retryIn', named)}` : said;
  }
  if (error.detail || error.message) return error.detail || error.message;
  return te(`problem.http_${error.status}`)
    ? t(`problem.http_${error.status}`, named)
    : t('problem.unexpected');
}

export function requestId(error: unknown): string {
  return error instanceof Problem ? error.requestId : '';
}

/* A directory server's document in words. */
import { useI18n } from 'vue-i18n';
import { ATTRIBUTES, type DirectoryDocument } from '@/api/directories';
import { mark } from '@/i18n';

export function useDirectoryText() {
  const { t, te } = useI18n();
  const key = (name: string) => (te(`directories.key.${name}`) ? t(`directories.key.${name}`) : name);
  function attributes(of: DirectoryDocument['attributes']): string {
    return ATTRIBUTES.filter((a) => of[a])
      .map((a) => `${t(`directories.attribute.${a}`)}${mark('：')}${of[a]}`)
      .join(mark('；'));
  }
  function value(name: string, what: unknown): string {
    if (typeof what === 'boolean') return t(what ? 'directories.said.yes' : 'directories.said.no');
    if (name === 'security') return t(`directories.security.${String(what)}`);
    if (name === 'department_by') return t(`directories.by.${String(what)}`);
    if (name === 'apply') return t(`directories.applies.${String(what)}`);
    if (name === 'attributes') return attributes(what as DirectoryDocument['attributes']);
    if (name === 'networks') return (what as string[]).join(mark('、'));
    if (name === 'ca') return t('directories.said.pem', { n: String(what).split('-----BEGIN ').length - 1 });
    return typeof what === 'object' ? JSON.stringify(what) : String(what);
  }
  /* What a refused document's key has to be; empty where nothing is known about it. */
  const must = (name: string) => (te(`directories.must.${name}`) ? t(`directories.must.${name}`) : '');
  return { key, value, must };
}

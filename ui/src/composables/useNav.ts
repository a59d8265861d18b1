/* Where the caller may go: the navigation, the palette and the home page show the same places. */
import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { say } from '@/i18n';
import { objectIcon, type IconName } from '@/components/icons';
import { useObjects } from '@/stores/objects';
import { useSession } from '@/stores/session';

export interface Place {
  to: string;
  label: string;
  icon: IconName;
}
export interface PlaceGroup {
  key: string;
  label: string;
  places: Place[];
}

export function useNav(): ComputedRef<PlaceGroup[]> {
  const { t } = useI18n();
  const objects = useObjects();
  const session = useSession();
  return computed(() => {
    const mayImport = objects.items.some((o) => o.acts.includes('import'));
    const tools: Place[] = [];
    if (mayImport || session.area('imports'))
      tools.push({ to: '/imports', label: t('shell.imports'), icon: 'upload' });
    if (session.area('conflicts'))
      tools.push({ to: '/conflicts', label: t('shell.conflicts'), icon: 'twins' });
    const guard: Place[] = [];
    if (session.isAuditor || session.area('audit'))
      guard.push({ to: '/audit', label: t('shell.audit'), icon: 'shield' });
    if (session.me?.duties?.includes('security_admin'))
      guard.push({ to: '/policies', label: t('policies.title'), icon: 'columns' });
    if (session.me?.duties?.length) guard.push({ to: '/sign-on', label: t('signOn.title'), icon: 'enter' });
    if (session.me?.duties?.length)
      guard.push({ to: '/provisioning', label: t('scim.nav'), icon: 'transfer' });
    if (session.me?.duties?.length)
      guard.push({ to: '/directories', label: t('directories.nav'), icon: 'download' });
    if (session.area('people')) guard.push({ to: '/people', label: t('people.nav'), icon: 'users' });
    else guard.push({ to: '/access', label: t('access.nav'), icon: 'shield' });
    if (session.me?.duties?.some((d) => d === 'security_admin' || d === 'auditor'))
      guard.push({ to: '/reviews', label: t('reviews.nav'), icon: 'check' });
    if (session.area('people')) guard.push({ to: '/rights', label: t('rights.nav'), icon: 'filter' });
    if (session.area('people'))
      guard.push({ to: '/sign-in-rules', label: t('signInRules.nav'), icon: 'seal' });
    if (session.me?.duties?.length) guard.push({ to: '/high-risk', label: t('deeds.nav'), icon: 'warn' });
    guard.push({ to: '/trail', label: t('shell.trail'), icon: 'foot' });
    guard.push({ to: '/sessions', label: t('shell.sessions'), icon: 'device' });
    if (session.area('keys')) guard.push({ to: '/keys', label: t('shell.keys'), icon: 'key' });
    // Lines (of an order, a quote) are read on their parent's page.
    const records = objects.listable
      .filter((o) => !o.parent)
      .map((o) => ({
        to: `/o/${o.name}`,
        label: say(o.label_plural),
        icon: objectIcon(o.name, o.icon),
      }));
    return [
      { key: 'records', label: t('shell.records'), places: records },
      { key: 'tools', label: t('shell.tools'), places: tools },
      { key: 'guard', label: t('shell.guard'), places: guard },
    ].filter((g) => g.places.length);
  });
}

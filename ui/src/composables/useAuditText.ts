/* How an audit entry's parts read: acts and outcomes by the known words, fields by their labels. */
import { useI18n } from 'vue-i18n';
import type { AuditItem } from '@/api/types';
import { say } from '@/i18n';
import { useObjects } from '@/stores/objects';

export function useAuditText() {
  const { t, te } = useI18n();
  const objects = useObjects();
  const word = (kind: string, key: string) => (te(`${kind}.${key}`) ? t(`${kind}.${key}`) : key);
  const act = (item: AuditItem) => word('act', item.act);
  const outcome = (item: AuditItem) => word('audit', item.outcome);
  const outcomeColor = (item: AuditItem) =>
    item.outcome === 'allowed' || item.outcome === 'ok'
      ? 'green'
      : item.outcome === 'pending'
        ? 'blue'
        : 'red';
  const object = (item: AuditItem) =>
    item.object ? say(objects.find(item.object)?.label ?? item.label) || item.object : '';
  const field = (item: AuditItem, name: string) =>
    say(objects.field(item.object ?? '', name)?.label ?? item.fields?.find((f) => f.name === name)?.label) ||
    name;
  const actor = (item: AuditItem) => item.actor?.name ?? t('common.system');
  return { act, outcome, outcomeColor, object, field, actor, word };
}

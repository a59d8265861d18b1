/* What a role opens, in words: read from its matrix as it is in force, so the words can't say other than the policies. */
import { useI18n } from 'vue-i18n';
import type { Grant, Matrix, MatrixField } from '@/api/policies';
import { mark, say } from '@/i18n';

export interface PackLine {
  what: string;
  never: boolean;
  parts: string[];
}
const ACTS = ['view', 'create', 'update', 'delete', 'transfer', 'import', 'reveal', 'export'] as const;
const CLASSES = ['personal', 'sensitive'] as const;
/* The objects that hold people's data: their fields say what becomes of it. */
const PEOPLE = ['customer', 'contact', 'lead'];

export function usePackWords(grantText: (grant: Grant) => string) {
  const { t } = useI18n();
  /* All that is given, the widest alone where one has all. */
  function cellText(cell: Grant[]): string {
    const texts = [...new Set(cell.filter((g) => g.effect === 'permit').map(grantText))];
    const all = t('policies.scopes.all');
    return texts.includes(all) ? all : texts.join(' / ');
  }
  const given = (cell: Grant[]) =>
    cell.some((g) => g.effect === 'permit') &&
    !cell.some((g) => g.effect === 'forbid' && !g.by_hand && g.scope === 'all');

  function actLine(m: Matrix, act: string): PackLine {
    const groups = new Map<string, string[]>();
    for (const o of m.objects) {
      const cell = m.cells[o.acts[act] ?? -1] ?? [];
      if (!given(cell)) continue;
      const text = cellText(cell);
      groups.set(text, [...(groups.get(text) ?? []), say(o.label)]);
    }
    const parts = [...groups].map(([text, objects]) =>
      t('packs.part', {
        scope: text,
        objects: objects.length === m.objects.length ? t('packs.everything') : objects.join(mark('、')),
      }),
    );
    return { what: t(`policies.acts.${act}`), never: !parts.length, parts };
  }
  function viewOf(m: Matrix, fields: MatrixField[], act: 'see' | 'read'): string[] {
    const texts = fields.map((f) => m.cells[f[act]] ?? []).filter(given);
    return [...new Set(texts.map(cellText))];
  }
  function classLine(m: Matrix, cls: string): PackLine {
    const fields = m.objects
      .filter((o) => PEOPLE.includes(o.name))
      .flatMap((o) => o.fields.filter((f) => f.class === cls));
    const clear = viewOf(m, fields, 'read');
    const masked = viewOf(m, fields, 'see');
    const parts = [
      ...(clear.length ? [t('packs.clear', { scope: clear.join(mark('、')) })] : []),
      ...(masked.length && masked.join() !== clear.join()
        ? [t('packs.masked', { scope: masked.join(mark('、')) })]
        : []),
    ];
    return { what: t(`policies.classes.${cls}`), never: !parts.length, parts };
  }
  return (m: Matrix): PackLine[] => [
    ...CLASSES.map((cls) => classLine(m, cls)),
    ...ACTS.map((act) => actLine(m, act)),
  ];
}

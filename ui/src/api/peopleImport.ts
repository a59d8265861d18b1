/* People and departments from a list: a file's or a directory's. */
export interface PeopleImport {
  version: number;
  added: number;
  changed: number;
  unchanged: number;
  refused: number;
  items: {
    line: number;
    kind: 'person' | 'department';
    name: string;
    effect: 'added' | 'changed' | 'unchanged' | 'refused';
    reason: string;
    changes: ImportChange[];
  }[];
}
/* What becomes of a field; empty: nothing. */
export interface ImportChange {
  field: string;
  from: string;
  to: string;
}

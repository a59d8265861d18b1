/* A field as the server describes one; tests change what they are about. */
import type { Field } from '@/api/types';
import type { TextContext } from '../types';

export const field = (change: Partial<Field>): Field => ({
  name: 'x',
  id: 100,
  label: { zh: '甲', en: 'A' },
  type: 'text',
  class: 'internal',
  required: false,
  read_only: false,
  system: false,
  view: 'clear',
  writable: true,
  filterable: true,
  sortable: true,
  ...change,
});

export const names: TextContext = {
  user: (id) => (id === 7 ? '王芳' : `#${String(id)}`),
  department: (id) => (id === 12 ? '销售一部' : `#${String(id)}`),
};

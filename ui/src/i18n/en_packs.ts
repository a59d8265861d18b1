/* Ready roles of five levels, to begin one's own with. */
import type zh from './zh_packs';

const en: typeof zh = {
  packs: {
    tab: 'Role packs',
    title: 'Role packs',
    intro:
      'Ready roles of five levels; the words are read from the policies in force. Begin a new role like one of them: the effect is shown before publishing, and what widens access takes another security administrator.',
    level: 'Level {n} · {name}',
    levels: {
      1: 'Front line',
      2: 'Heads of departments',
      3: 'Branch',
      4: 'Head office functions',
      5: 'Owner',
    },
    part: '{scope}: {objects}',
    everything: 'every object',
    clear: 'clear ({scope})',
    masked: 'masked ({scope})',
    never: 'never',
    limit: 'At most, {cls}',
    limitText: '{view}; {masked} customers masked and {clear} clear a day',
    make: 'New role from this pack',
    makeFrom: 'A new role like “{role}”',
    makeText:
      'The role takes over the ceilings and budgets and gives nothing yet; its policies are looked at and published next. The matrix changes them afterwards.',
    zh: 'Name in Chinese',
    en: 'Name in English (optional)',
    name: 'Identifier',
    nameHelp: 'Small letters, digits, _ and -; it can’t be changed later, for example key_account',
    next: 'Next: the effect',
    note: 'New role “{role}”, like the pack “{pack}”',
  },
};
export default en;

import type zh from './zh_leaving';

const en: typeof zh = {
  leaving: {
    how: 'How',
    by: { one: 'All to one person', round: 'In turn to several', region: 'By region' },
    rest: 'The rest to',
    team: 'Colleagues who take turns',
    region: "The customer's region",
    addRegion: 'Another region',
    follows: 'Contacts, orders and the like go with their customer; records that you may not hand on stay.',
    started: 'The handover has begun; you may leave this page',
    stopped: 'The handover was stopped; what it moved can be given back',
    stop: 'Stop',
    undo: 'Undo the handover',
    undoing: 'Giving back',
    progress: "The handover's progress",
    runs: 'Handovers',
    moved: '{n} handed on, {kept} left',
    gaveBack: '{n} given back, {kept} left',
    state: {
      running: 'Under way',
      undoing: 'Giving back',
      done: 'Done',
      undone: 'Undone',
      broken: 'Not complete',
    },
  },
  report: {
    title: 'What {name} did',
    intro:
      'Views, reveals, exports, imports and changes by day and by object: numbers, nothing of a customer.',
    days: 'Of the last',
    daysOf: '{n} days',
    empty: 'Nothing in that time',
    saved: "The file's fingerprint (40 digits of its SHA-256) is in the audit log",
    peaks: 'Days that stick out',
    noPeaks: 'No day is far above what is usual for this person and the department.',
    peak: '{day}: {what} {n}; usual: own {own}, department {department}',
    by: { object: 'By object', day: 'By day' },
    object: 'Object',
    day: 'Day',
    distinct: 'Different records',
    noObject: 'Other',
    kind: {
      views: 'Views',
      reveals: 'Reveals',
      exports: 'Exports',
      imports: 'Imports',
      changes: 'Changes',
      refusals: 'Refused',
    },
    note: 'Views and changes count records, repeated ones too. Counted up to entry {n} of the log; check a file by its fingerprint in the log.',
    look: 'Report of the last 90 days',
    mine: 'What I did',
  },
};

export default en;

/* Explained and asked for in place: why something is seen, access to a field, reasons and approval. */
import type zh from './zh_inplace';

const en: typeof zh = {
  why: {
    button: 'Why',
    buttonField: 'Why “{field}” is seen or not',
    title: 'Why is this seen, or not',
    intro:
      'Judged by the rules in force; nothing of the record is told. Looking at one of your people is recorded.',
    what: 'What',
    record: 'This record',
    who: 'Who',
    me: 'Myself',
    lent: 'Acting for {name}',
    result: {
      clear: 'Seen in clear',
      masked: 'Seen masked only',
      hidden: 'This field is not seen',
    },
    allows: 'Allowed: ',
    forbids: 'Forbidden: ',
    rule: '{who}, scope: {scope}',
    byHand: 'policy written by hand, {id}',
    nothing: 'No rule gives this: the default is no.',
    lacks: {
      scope: 'Not met: this record is not within that scope',
      reason: 'Not met: a reason must be given',
      second_factor: 'Not met: a recent second factor is needed',
      time: 'Not met: outside the hours of the rule',
      network: 'Not met: outside the network of the rule',
      purpose: 'Not met: another purpose',
      people: 'Not met: not of the department or branch that the rule names',
      overridden: 'Overruled by a forbidding rule',
      error: 'The rule could not be judged and does not apply',
      other: 'Not met: a condition of the rule',
    },
  },
};
export default en;

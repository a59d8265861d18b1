// What a thief of the database could tell of people's names from the frequencies of search terms alone. A measurement for
// docs/threat-model.md, no test:
//   build/kedun demo --csv names.csv --rows 40000 && node tests/thief/inference.mjs names.csv
// The thief sees for every row which keyed hashes of characters and of pairs of neighbours stand beside it (that he can tell
// these kinds from those of pinyin is granted). He matches hashes to characters by their place in the order of frequency,
// known to him from other people (half of the file) or, at best, of these very people; pairs then say the order.
import { readFileSync } from 'node:fs';

const [head, ...lines] = readFileSync(process.argv[2], 'utf8').replace(/^\ufeff/, '').trim().split(/\r?\n/);
const column = head.split(',').indexOf('姓名');
const names = lines.map((l) => l.split(',')[column]).filter((n) => /^\p{Script=Han}{2,5}$/u.test(n ?? ''));
const half = names.length >> 1;
const known = names.slice(0, half), there = names.slice(half);

const characters = (name) => [...new Set(name)];
const pairs = (name) => [...name].slice(1).map((c, i) => [...name][i] + c);
const whole = (name) => [name];

// By frequency, the commonest first; among equals in no order that tells anything.
function ranking(list, terms) {
  const count = new Map();
  for (const name of list) for (const t of terms(name)) count.set(t, (count.get(t) ?? 0) + 1);
  return [...count].map(([t, n]) => [t, n, Math.random()]).sort((a, b) => b[1] - a[1] || a[2] - b[2]).map(([t]) => t);
}

// Of a term's hash the thief believes that it is the term with the same place in what he knows.
function guesses(from, terms) {
  const seen = ranking(there, terms), believed = ranking(from, terms);
  return new Map(seen.map((t, place) => [t, believed[place]]));
}

function report(what, from) {
  for (const [kind, terms] of [['every character', characters], ['every pair', pairs], ['the whole name', whole]]) {
    const guess = guesses(from, terms);
    const right = there.filter((name) => terms(name).every((t) => guess.get(t) === t)).length;
    console.log(`${what}: rows of which ${kind} is guessed right: ${right} of ${there.length} (${((100 * right) / there.length).toFixed(2)} %)`);
  }
  const guess = guesses(from, characters);
  const family = there.filter((name) => guess.get([...name][0]) === [...name][0]).length;
  console.log(`${what}: rows of which the first character is guessed right: ${family} (${((100 * family) / there.length).toFixed(1)} %)`);
}
report('knowing other people', known);
report('knowing these people', there);

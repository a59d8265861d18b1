// What a thief of the database could tell of people's names from the frequencies of search terms alone. A measurement for
// docs/threat-model.md, no test:
//   node tests/thief/inference.mjs [names.csv]      (without a file: 40,000 rows of the demo company are made)
// The thief sees for every row which keyed hashes of characters and of pairs of neighbours stand beside it (that he can tell
// these kinds from those of pinyin is granted). He matches hashes to characters by their place in the order of frequency,
// known to him from other people (half of the file) or, at best, of these very people; pairs then say the order. Then the same against what
// could be done: terms that many rows share split into several (by a keyed hash of the row), so that none stands out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function made() {
  const dir = mkdtempSync(join(tmpdir(), 'kedun-names-'));
  const done = spawnSync(join(process.env.KEDUN_BUILD ?? 'build', 'kedun'), ['demo', '--csv', join(dir, 'names.csv'), '--rows', '40000'], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  const text = readFileSync(join(dir, 'names.csv'), 'utf8');
  rmSync(dir, { recursive: true });
  return text;
}

const [head, ...lines] = (process.argv[2] ? readFileSync(process.argv[2], 'utf8') : made()).replace(/^\ufeff/, '').trim().split(/\r?\n/);
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

// A term of n rows becomes ceil(n / most) terms of about as many rows each. The thief knows the rule and what he knows of people; of each
// split term he believes that it belongs to the character with the same place.
function split(most, from) {
  const count = (list) => {
    const sum = new Map();
    for (const name of list) for (const c of characters(name)) sum.set(c, (sum.get(c) ?? 0) + 1);
    return sum;
  };
  const real = count(there), believed = count(from);
  const parts = (sum, c) => Math.ceil(sum.get(c) / most);
  const term = there.map((name) => characters(name).map((c) => [c, `${c}#${Math.floor(Math.random() * parts(real, c))}`]));
  const seen = new Map();
  for (const row of term) for (const [, t] of row) seen.set(t, (seen.get(t) ?? 0) + 1);
  const order = (entries) => entries.map(([t, n]) => [t, n, Math.random()]).sort((a, b) => b[1] - a[1] || a[2] - b[2]).map(([t]) => t);
  const expected = [...believed].flatMap(([c, n]) => Array.from({ length: parts(believed, c) }, () => [c, n / parts(believed, c)]));
  const left = order([...seen]), right = order(expected);
  const guess = new Map(left.map((t, place) => [t, right[place]]));
  const family = term.filter((row) => guess.get(row[0][1]) === row[0][0]).length;
  const all = term.filter((row) => row.every(([c, t]) => guess.get(t) === c)).length;
  const asked = [...real].reduce((sum, [c]) => sum + parts(real, c), 0) / real.size, most1 = Math.max(...[...real.keys()].map((c) => parts(real, c)));
  return { family, all, asked, most1 };
}

const share = (n) => `${n} (${((100 * n) / there.length).toFixed(2)} %)`;
for (const most of [1000, 200, 50, 20])
  for (const [what, from] of [['other people', known], ['these people', there]]) {
    const { family, all, asked, most1 } = split(most, from);
    console.log(`split at ${most} rows, knowing ${what}: first character ${share(family)}, every character ${share(all)}; a look-up of a character asks ${asked.toFixed(1)} terms, ${most1} at most`);
  }
const plain = [...new Set(there.flatMap(characters))].length;
console.log(`without single characters as terms only pairs stand there: ${plain} characters can't be searched for alone`);

// As it is built (src/keeper/parts.h): the keeper counts as rows come and looks every 512 rows; a character that more than one row in 200 has
// is split into 2, 4, 8 or 16 terms of unequal size, older rows keep theirs. The thief knows the rule: he plays it through with what he knows.
function kept(list) {
  const count = new Map(), levels = new Map(), weights = new Map(), rows = [];
  const choose = (c, level) => {
    const name = `${c}#${level}`;
    if (!weights.has(name)) weights.set(name, Array.from({ length: 1 << level }, () => 1 + Math.random()));
    const w = weights.get(name);
    let at = Math.random() * w.reduce((a, b) => a + b, 0), part = 0;
    while (part + 1 < w.length && at >= w[part]) at -= w[part++];
    return `${name}.${part}`;
  };
  for (const name of list) {
    rows.push(characters(name).map((c) => [c, choose(c, levels.get(c) ?? 0)]));
    for (const c of characters(name)) count.set(c, (count.get(c) ?? 0) + 1);
    if (rows.length % 512) continue;
    for (const [c, n] of count) {
      let level = 0;
      while (level < 4 && n * 200 > rows.length << level) level++;
      if (n >= 8 && level > (levels.get(c) ?? 0)) levels.set(c, level);
    }
  }
  return rows;
}

for (const [what, from] of [['other people', known], ['these people', there]]) {
  const rows = kept(there), believed = kept(from), tally = (list) => {
    const sum = new Map();
    for (const row of list) for (const [c, t] of row) sum.set(t, { c, n: (sum.get(t)?.n ?? 0) + 1 });
    return [...sum].map(([t, { c, n }]) => [t, n, Math.random(), c]).sort((a, b) => b[1] - a[1] || a[2] - b[2]);
  };
  const left = tally(rows), right = tally(believed), guess = new Map(left.map(([t], place) => [t, right[place]?.[3]]));
  const family = rows.filter((row) => guess.get(row[0][1]) === row[0][0]).length;
  const all = rows.filter((row) => row.every(([c, t]) => guess.get(t) === c)).length;
  const terms = new Map();
  for (const [, , , c] of left) terms.set(c, (terms.get(c) ?? 0) + 1);
  const asked = [...terms.values()];
  console.log(`as built, knowing ${what}: first character ${share(family)}, every character ${share(all)}; a character has ${(asked.reduce((a, b) => a + b, 0) / asked.length).toFixed(1)} terms, ${Math.max(...asked)} at most`);
}

// Finds planted values in an answer: its status line's headers and its body, as text, in JSON and URL escapes, and in
// whatever of it reads as base64 or hexadecimal, at every alignment. Knows nothing of who may see what.

// All words of a dictionary in one pass (Aho and Corasick, Efficient String Matching, CACM 18/6, 1975).
class Words {
  #next = [new Map()];
  #back = [0];
  #found = [[]];

  constructor(words) {
    words.forEach(([word, what]) => this.#add(word, what));
    const queue = [...this.#next[0].values()];
    for (const at of queue) {
      for (const [c, to] of this.#next[at]) {
        let b = this.#back[at];
        while (b > 0 && !this.#next[b].has(c)) b = this.#back[b];
        this.#back[to] = this.#next[b].get(c) ?? 0;
        this.#found[to] = [...this.#found[to], ...this.#found[this.#back[to]]];
        queue.push(to);
      }
    }
  }

  #add(word, what) {
    let at = 0;
    for (let i = 0; i < word.length; i++) {
      const c = word.charCodeAt(i);
      let to = this.#next[at].get(c);
      if (to === undefined) {
        to = this.#next.push(new Map()) - 1;
        this.#back.push(0);
        this.#found.push([]);
        this.#next[at].set(c, to);
      }
      at = to;
    }
    this.#found[at].push(what);
  }

  search(text, out) {
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      let to;
      while ((to = this.#next[at].get(c)) === undefined && at > 0) at = this.#back[at];
      at = to ?? 0;
      for (const what of this.#found[at]) out.add(what);
    }
    return out;
  }
}

function* numberBytes(n) {
  const b = Buffer.alloc(8);
  b.writeBigInt64BE(BigInt(n));
  yield b.toString('latin1');
  b.writeBigInt64LE(BigInt(n));
  yield b.toString('latin1');
}

const TOKEN = /[A-Za-z0-9_+/-]{12,}/g;
const HEX = /^[0-9A-Fa-f]+$/;

export class Checker {
  #text;
  #bytes;
  #plants;
  #seen = new Map(); // token → what it holds: most come again and again

  // plants: {fields: {name: {marks, numbers}}}
  constructor(plants) {
    const text = [], bytes = [];
    for (const plant of plants) {
      for (const [name, c] of Object.entries(plant.fields)) {
        const what = { plant, name };
        for (const m of c.marks) text.push([m, what]);
        for (const m of c.deep ?? c.marks) bytes.push([Buffer.from(m.replaceAll('"', '')).toString('latin1'), what]);
        for (const n of c.numbers ?? []) for (const form of numberBytes(n)) bytes.push([form, what]);
      }
    }
    this.#plants = plants;
    this.#text = new Words(text);
    this.#bytes = new Words(bytes);
  }

  // Every text that gives a field's planted values away.
  marksOf(field) {
    return this.#plants.flatMap((p) => p.fields[field]?.marks ?? []);
  }

  #token(token) {
    let held = this.#seen.get(token);
    if (held !== undefined) return held;
    held = new Set();
    for (let k = 0; k < 4; k++) this.#bytes.search(Buffer.from(token.slice(k), 'base64url').toString('latin1'), held);
    if (HEX.test(token)) for (let k = 0; k < 2; k++) this.#bytes.search(Buffer.from(token.slice(k), 'hex').toString('latin1'), held);
    this.#seen.set(token, held);
    return held;
  }

  search(text) {
    const out = this.#text.search(text, new Set());
    for (const [token] of text.matchAll(TOKEN)) for (const what of this.#token(token)) out.add(what);
    if (text.includes('%')) this.#text.search(text.replace(/(%[0-9A-Fa-f]{2})+/g, (s) => Buffer.from(s.replaceAll('%', ''), 'hex').toString()), out);
    return out;
  }

  // The set of {plant, name} whose values stand in the answer.
  find(answer) {
    const headers = Object.entries(answer.headers).map(([k, v]) => `${k}: ${v}`).join('\n');
    const out = this.search(headers);
    for (const what of this.search(answer.text)) out.add(what);
    if (answer.json !== undefined && answer.text.includes('\\')) for (const what of this.search(JSON.stringify(answer.json))) out.add(what);
    return out;
  }
}

export function* objectsIn(node) {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) yield node;
  for (const v of Object.values(node)) yield* objectsIn(v);
}

export function* stringsIn(node) {
  if (typeof node === 'string') yield node;
  if (node === null || typeof node !== 'object') return;
  for (const [k, v] of Object.entries(node)) {
    if (!Array.isArray(node)) yield k;
    yield* stringsIn(v);
  }
}

// ---- planting in an answer, to see that the search finds it ----

const remade = (answer, json) => ({ ...answer, json, text: JSON.stringify(json) });

function deepest(node, depth = 0) {
  let best = { depth, node, key: Array.isArray(node) ? node.length : 'x' };
  for (const [key, v] of Object.entries(node)) {
    const inner = v !== null && typeof v === 'object' ? deepest(v, depth + 1) : { depth: depth + 1, node, key };
    if (inner.depth >= best.depth) best = inner;
  }
  return best;
}

let turn = 0; // every alignment
export const tampers = {
  body(answer, mark) {
    if (answer.json === undefined || answer.json === null) return { ...answer, text: `${answer.text}${mark}` };
    const json = structuredClone(answer.json);
    const { node, key } = deepest(json);
    node[key] = `a${mark}`;
    return remade(answer, json);
  },
  header: (answer, mark) => ({ ...answer, headers: { ...answer.headers, etag: `"3-${encodeURIComponent(mark)}"` } }),
  location: (answer, mark) => ({ ...answer, headers: { ...answer.headers, location: `/api/v1/records/customer/${mark}` } }),
  cursor(answer, mark) {
    const token = Buffer.concat([Buffer.alloc(1 + (turn++ % 3), 7), Buffer.from(mark.replaceAll('"', ''))]).toString('base64url');
    return answer.json !== null && typeof answer.json === 'object' ? remade(answer, { ...answer.json, next_cursor: token }) : { ...answer, text: `${answer.text} ${token}` };
  },
  hex: (answer, mark) => ({ ...answer, text: `${answer.text} ${Buffer.from(`xx${mark}`).toString('hex')}` }),
};

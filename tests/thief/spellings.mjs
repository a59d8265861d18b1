// How a text may lie in a file: name → bytes. Texts are UTF-8; a Buffer stands for itself (keys).
import { spawnSync } from 'node:child_process';

const gb = new Map();
// One call of iconv for all: no byte of a character of GB18030 is a line's end.
export function prepare(texts) {
  const fresh = [...new Set(texts)].filter((t) => typeof t === 'string' && /[^\x20-\x7e]/.test(t) && !gb.has(t));
  if (fresh.length === 0) return;
  const done = spawnSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030'], { input: fresh.join('\n'), maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`iconv: ${done.stderr}`);
  for (let i = 0, from = 0; i < fresh.length; i++) {
    const end = i + 1 < fresh.length ? done.stdout.indexOf(10, from) : done.stdout.length;
    gb.set(fresh[i], done.stdout.subarray(from, end));
    from = end + 1;
  }
}

function gb18030(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return Buffer.from(text);
  prepare([text]);
  return gb.get(text);
}

// What is sure of the base64 of these bytes when 0, 1 or 2 bytes stand before them.
function base64(bytes, shift) {
  const all = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '');
  const from = shift === 0 ? 0 : shift + 1;
  const to = Math.floor(((shift + bytes.length) * 8) / 6);
  return all.slice(from, to);
}

export function spellings(text) {
  const out = new Map();
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'utf8');
  out.set('raw', bytes);
  if (!Buffer.isBuffer(text)) {
    const wide = Buffer.from(text, 'utf16le');
    out.set('gb18030', gb18030(text));
    out.set('utf16le', wide);
    out.set('utf16be', Buffer.from(wide).swap16());
    if (/[^\x20-\x7e]/.test(text)) out.set('percent', Buffer.from(encodeURIComponent(text)));
    if (/[^\x20-\x7e]/.test(text)) out.set('json', Buffer.from(text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)));
  }
  out.set('hex', Buffer.from(bytes.toString('hex')));
  out.set('HEX', Buffer.from(bytes.toString('hex').toUpperCase()));
  for (let shift = 0; shift < 3; shift++) {
    const text64 = base64(bytes, shift);
    out.set(`base64+${shift}`, Buffer.from(text64));
    if (/[+/]/.test(text64)) out.set(`base64url+${shift}`, Buffer.from(text64.replace(/\+/g, '-').replace(/\//g, '_')));
  }
  return out;
}

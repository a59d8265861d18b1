// An authenticator app: RFC 6238 with SHA-1, six digits and 30 seconds.
import { createHmac } from 'node:crypto';

export function decode32(text) {
  let bits = '';
  for (const c of text) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((b) => Number.parseInt(b, 2)));
}

// The code of the step `steps` from now.
export function otp(secret, steps = 0, at = Date.now()) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000) + steps));
  const mac = createHmac('sha1', decode32(secret)).update(counter).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1e6).padStart(6, '0');
}

// In a network of its own (filter_fault.sh): how many connections of an address come through the packet filter's rules.
import { connect, createServer } from 'node:net';

const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const server = createServer((s) => s.on('error', () => {})).listen({ port: 443, host: '::', ipv6Only: false, backlog: 8192 });
await new Promise((go) => server.on('listening', go));

// Tries `count` at once; resolves to those that stand. On loopback that is settled when the last has been tried; the events of
// it are read until ten looks in a row have brought none.
async function stand(count, from, host) {
  const open = new Set();
  const all = Array.from({ length: count }, () => connect({ host, port: 443, localAddress: from }).on('error', () => {}).on('connect', function () {
    open.add(this);
  }));
  for (let quiet = 0, had = 0; quiet < 10 && open.size < count; had = open.size) {
    await pause(20);
    quiet = open.size > had ? 0 : quiet + 1;
  }
  for (const s of all) if (!open.has(s)) s.destroy();
  return [...open];
}

const say = (name, ok, got) => console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${got}`}`);
for (const [kind, mine, other, host] of [['IPv4', '127.0.0.9', '127.0.0.10', '127.0.0.1'], ['IPv6', 'fd00:1::9', 'fd00:2::9', 'fd00:1::1']]) {
  const begin = Date.now(), flood = await stand(1900, mine, host);
  const most = 1000 + 50 * (1 + (Date.now() - begin) / 1000);
  say(`a flood of new connections from one address is held back (${kind})`, flood.length >= 1000 && flood.length <= most && flood.length < 1900, `${flood.length} of 1,900, at most ${most}`);
  const others = await stand(20, other, host);
  say(`… from another address they come through (${kind})`, others.length === 20, others.length);
  for (const s of [...flood, ...others]) s.destroy();
}
process.exit();

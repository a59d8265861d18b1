// ./do bench scope [--customers N] [--base DIR] [--seconds S] [--rounds R] [--connections C] [--work DIR] [--port P]
// Narrow scopes and a moved department on a large base. Pages for somebody who may see one customer in a hundred beside pages for
// somebody who sees all (bar: within 2x), by owner and by what stands in the records; then a department with its records moves to
// another branch: how long from the second person's word to the first page with them, and what pages cost afterwards. It works on
// a copy of DIR/data-N (./do bench --customers N makes it), which goes when it ends.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { must, pages, takeTurns } from './group_pages.mjs';
import { makeShare } from './data.mjs';
import { Product } from './servers.mjs';

function options(args) {
  const o = { customers: 1000000, seconds: 3, rounds: 3, connections: 16, base: '/var/tmp/kedun-bench', work: '/var/tmp/kedun-bench-scope', port: 19663 };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (name === 'base' || name === 'work') o[name] = args[i + 1];
    else if (name in o) o[name] = Number(args[i + 1]);
    else throw new Error(`unknown option ${args[i]}`);
  }
  return o;
}

const o = options(process.argv.slice(2)), base = join(o.base, `data-${o.customers}`), copy = join(o.work, 'copy');
if (!existsSync(base)) throw new Error(`${base} is not there: ./do bench --customers ${o.customers} --work ${o.base} makes it`);

// At least so many: counting stops at 100,000. Null where it takes longer than a query may.
async function count(client, where) {
  const a = await client.post('/api/v1/records/customer/query', { limit: 1, count: true, fields: ['name'], ...(where ? { where } : {}) });
  return a.json?.code === 'too_slow' ? null : (await must(a)).count.value;
}

async function publish(product, text) {
  const security = await product.as('security'), second = await product.as('security2');
  const { in_force } = await must(security.get('/api/v1/policies')), { text: now } = await must(security.get('/api/v1/policies/current'));
  const made = await must(security.post('/api/v1/policies', { text: `${now}\n${text}\n`, note: '缩小范围', based_on: in_force }));
  if (made.state === 'waiting') await must(second.post(`/api/v1/policies/${made.number}/approve`, { note: '同意' }));
}

function say(what, seen, [all, few]) {
  console.log(`${what.padEnd(24)} all ${all.rate.toFixed(0)}/s ${all.cpu_us} µs p99 ${all.p99_ms.toFixed(1)} ms; few ${few.rate.toFixed(0)}/s ${few.cpu_us} µs p99 ${few.p99_ms.toFixed(1)} ms, who sees ${seen ?? 'more than can be counted in time'}: rate ${(few.rate / all.rate).toFixed(2)}`);
}

async function narrow(product) {
  const all = await product.as('operations'), scattered = await product.as('privacy'), own = await product.as('sales');
  const compare = async (what, few) => {
    const seen = await count(few);
    const sides = [{ name: 'all', server: product, client: all, requests: await pages(all) }, { name: 'few', server: product, client: few, requests: await pages(few) }];
    say(what, seen, await takeTurns(o, sides));
  };
  await compare('the same, not narrowed', scattered);
  await publish(product, `@id("bench-scattered") forbid (principal == User::"${scattered.me.user}", action in Action::"look", resource is Customer)
unless { resource has industry && resource.industry == "agriculture" && resource has grade && resource.grade == "d" };
@id("bench-own") forbid (principal == User::"${own.me.user}", action in Action::"look", resource is Customer)
unless { resource has industry && resource.industry == "it" };`);
  await compare('by industry and grade', scattered);
  await compare('of his own, by industry', own);
}

// The department whose records the head of another branch gets.
async function move(product) {
  const admin = await product.as('admin'), security = await product.as('security'), leader = await product.as('leader'), all = await product.as('operations');
  const { departments } = await must(admin.get('/api/v1/directory'));
  const branch = (await must(leader.get('/api/v1/records/customer?limit=1&fields=branch'))).items[0].branch.id;
  const others = departments.filter((d) => !d.branch && d.parent !== branch && departments.some((b) => b.branch && b.id === d.parent));
  const sizes = await Promise.all(others.map((d) => count(all, { field: 'department', op: 'eq', value: d.id })));
  const moved = others[sizes.indexOf(Math.max(...sizes))], theirs = { field: 'department', op: 'eq', value: moved.id };
  const had = await count(leader), before = await takeTurns(o, [{ name: 'before', server: product, client: leader, requests: await pages(leader) }]);
  if (await count(leader, theirs) !== 0) throw new Error('the leader sees them already');
  const change = { items: [{ kind: 'department', id: moved.id, document: { parent: branch } }] };
  const asked = await must(admin.post('/api/v1/proposals', { kind: 'registry', reason: '组织调整', change }));
  const begin = performance.now();
  await must(security.post(`/api/v1/proposals/${asked.id}/decide`, { approve: true, note: '已核实' }), [200, 204]);
  const told = performance.now() - begin;
  let page, tries = 0;
  do {
    tries++;
    page = await must(leader.post('/api/v1/records/customer/query', { limit: 50, where: theirs }));
  } while (page.items.length === 0 && performance.now() - begin < 60000);
  const seen = performance.now() - begin;
  const has = await count(leader), rows = Math.max(...sizes);
  console.log(`moving ${rows} customers (at least: counts end at 100,000) of a department: approved in ${told.toFixed(0)} ms, their first page after ${seen.toFixed(0)} ms (${tries} asked): ${Math.round(rows / seen * 1000)} rows/s; the leader of the other branch had ${had}, has ${has}`);
  const after = await takeTurns(o, [{ name: 'after', server: product, client: leader, requests: await pages(leader) }]);
  for (const s of [...before, ...after]) console.log(`the leader's pages ${s.name.padEnd(7)} ${s.rate.toFixed(0)}/s ${s.cpu_us} µs p99 ${s.p99_ms.toFixed(1)} ms`);
}

mkdirSync(o.work, { recursive: true });
chmodSync(o.work, 0o711);
rmSync(copy, { recursive: true, force: true });
execFileSync('cp', ['-a', '--reflink=auto', base, copy]);
const product = await new Product(copy, makeShare(join(o.work, 'share')), o.port, []).start();
try {
  console.log(`${o.customers} customers, ${o.connections} connections, ${o.rounds} rounds of ${o.seconds} s each in turn; ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}`);
  await narrow(product);
  await move(product);
} finally {
  await product.stop();
  rmSync(copy, { recursive: true, force: true });
}

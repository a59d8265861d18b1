// ./do bench group [--customers N] [--seconds S] [--rounds R] [--connections C] [--work DIR] [--port P] [--json FILE]
// A group's rights beside the shipped ones, on the same records: 200 policies, 40 roles, five levels of departments, 2,000 people.
// Two servers take turns, so that both see the same neighbours: the core's (the demo company as shipped) and the group's. And: a
// page for somebody who may see one customer in a hundred beside one for somebody who sees all.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { makeData, root } from './data.mjs';
import { must, pages, takeTurns } from './group_pages.mjs';
import { Product } from './servers.mjs';

const POLICIES = 200, ROLES = 40, PEOPLE = 2000, DEEP = 8; // DEEP: departments below each of the demo's, on two more levels
const ONE_PERCENT = 15; // zhangting, one of the demo's salespeople

function options(args) {
  const o = { customers: 100000, seconds: 4, rounds: 3, connections: 16, work: '/var/tmp/kedun-bench-group', port: 19643 };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (name === 'json' || name === 'work') o[name] = args[i + 1];
    else if (name in o) o[name] = Number(args[i + 1]);
    else throw new Error(`unknown option ${args[i]}`);
  }
  return o;
}

// ---- the group ----

const roleName = (n) => `group_${String(n).padStart(2, '0')}`;

const shipped = JSON.parse(readFileSync(join(root, 'policies/roles.json'), 'utf8')).roles.length;
const more = Array.from({ length: ROLES - shipped }, (_, n) => ({
  name: roleName(n), label: { zh: `集团角色${n}`, en: `Group role ${n}` }, ceiling: { personal: 'clear', sensitive: 'masked' }, match: { personal: true, sensitive: false },
}));

// Rules as a group has them: by region, department, class, network, hour; some forbid everybody what the data never shows, so that
// views differ from row to row for all without anybody seeing other records than in the core.
function groupPolicies(count, departments, roles) {
  const out = [`@id("group-small") forbid (principal == User::"${ONE_PERCENT}", action in Action::"look", resource is Customer)
unless { resource has grade && resource.grade == "a" && resource has status && resource.status == "active" };`];
  for (let n = 0; n < 6; n++)
    out.push(`@id("group-kept-${n}") forbid (principal, action in [Action::"see", Action::"read"], resource is Customer)
when { resource has region && resource.region == "99000${n}" && !(principal in Role::"${roleName(n)}") };`);
  const forms = [
    (r, d) => `permit (principal in Role::"${r}", action in Action::"look", resource) when { ["customer", "contact"].contains(context.object) && resource in Department::"${d}" };`,
    (r, d) => `permit (principal in Role::"${r}", action in [Action::"see", Action::"match"], resource) when { resource in Department::"${d}" };`,
    (r, d) => `permit (principal in Role::"${r}", action == Action::"read", resource) when { ["public", "internal"].contains(context.class) && resource in Department::"${d}" };`,
    (r) => `permit (principal in Role::"${r}", action == Action::"read", resource) when { context.class == "personal" && context.network == "office" && context.hour >= 8 && context.hour < 20 && resource.owner == principal };`,
    (r, d) => `permit (principal in Role::"${r}", action in [Action::"update", Action::"write"], resource) when { resource.owner == principal || resource in Department::"${d}" };`,
    (r) => `forbid (principal in Role::"${r}", action == Action::"export", resource) unless { context has second_factor_age && context.second_factor_age < 600 && context.reason };`,
  ];
  for (let n = 0; out.length < count; n++)
    out.push(`@id("group-${n}") ${forms[n % forms.length](roles[Math.floor(n / forms.length) % roles.length], departments[(n * 7) % departments.length])}`);
  return out.join('\n');
}

async function makeDepartments(admin) {
  const { departments } = await must(admin.get('/api/v1/directory')), all = departments.map((d) => d.id);
  for (const d of departments.filter((one) => one.parent > 1)) { // below a branch: two levels more
    let parent = d.id;
    for (let n = 0; n < DEEP; n++) {
      const made = await must(admin.post('/api/v1/departments', { name: `${d.name}${n + 1}组`, parent }));
      if (n % 2 === 0) parent = made.id;
      else parent = d.id;
      all.push(made.id);
    }
  }
  return all;
}

async function makePeople(admin, departments, count) {
  for (let n = 0; n < count; n++) // one after the other: two changes of the registry at once refuse one of them
    await must(admin.post('/api/v1/people', { login: `group${n}`, name: `员工${n}`, department: departments[n % departments.length], roles: [] }));
}

async function makeGroup(product) {
  const admin = await product.as('admin'), security = await product.as('security'), second = await product.as('security2');
  const departments = await makeDepartments(admin);
  const { users } = await must(admin.get('/api/v1/directory'));
  await makePeople(admin, departments, PEOPLE - (users.length));
  const { text } = await must(security.get('/api/v1/policies/current'));
  const { count, in_force } = await must(security.get('/api/v1/policies'));
  const fresh = `${text}\n${groupPolicies(POLICIES - count, departments, more.map((role) => role.name))}\n`;
  const made = await must(security.post('/api/v1/policies', { text: fresh, note: '集团规则', based_on: in_force }));
  if (made.state === 'waiting') await must(second.post(`/api/v1/policies/${made.number}/approve`, { note: '同意' }));
  return { policies: POLICIES, roles: ROLES, departments: departments.length, people: PEOPLE };
}

// ---- measuring ----

function tell(o, what, [a, b]) {
  const line = { case: what, customers: o.customers, connections: o.connections, [a.name]: a, [b.name]: b, rate_ratio: b.rate / a.rate, cpu_ratio: b.cpu_us / a.cpu_us };
  console.log(`${what.padEnd(10)} ${[a, b].map((s) => `${s.name} ${s.rate.toFixed(0)}/s ${s.cpu_us} µs p99 ${s.p99_ms.toFixed(1)} ms`).join(', ')}: rate ${line.rate_ratio.toFixed(2)}, CPU ${line.cpu_ratio.toFixed(2)}`);
  return line;
}

const o = options(process.argv.slice(2));
const { data, share } = makeData(o.work, o.customers, false, more), group = `${data}.group`, stamp = `${group}.json`;
const fresh = !existsSync(stamp);
if (fresh) execFileSync('sh', ['-c', 'rm -rf "$2" && cp -a --reflink=auto "$1" "$2"', 'sh', data, group]);
const core = await new Product(data, share, o.port, []).start(), big = await new Product(group, share, o.port + 1, []).start();
const lines = [];
try {
  if (fresh) {
    const made = await makeGroup(big);
    writeFileSync(stamp, JSON.stringify(made));
    console.log(`the group: ${JSON.stringify(made)}`);
  }
  console.log(`${o.customers} customers, ${o.connections} connections, ${o.rounds} rounds of ${o.seconds} s each in turn; ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}`);
  for (const actor of ['service', 'sales', 'operations']) {
    const sides = [];
    for (const [name, server] of [['core', core], ['group', big]]) {
      const client = await server.as(actor);
      sides.push({ name, server, client, requests: await pages(client) });
    }
    lines.push(tell(o, actor, await takeTurns(o, sides)));
  }
  const all = await big.as('operations'), few = await big.as('zhangting');
  const seen = (await must(few.get('/api/v1/records/customer?limit=1&count=true'))).count.value;
  const both = await takeTurns(o, [
    { name: 'all', server: big, client: all, requests: await pages(all) }, { name: 'few', server: big, client: few, requests: await pages(few) }]);
  console.log(`zhangting may see ${seen} customers`);
  lines.push(tell(o, 'one in 100', both));
} finally {
  await core.stop();
  await big.stop();
}
if (o.json) writeFileSync(o.json, lines.map((l) => `${JSON.stringify(l)}\n`).join(''));

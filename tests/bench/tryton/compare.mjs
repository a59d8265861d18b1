// Plays the same workload against Kedun and against Tryton, in turn; started by tests/bench/tryton/run.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { Client, ok } from '../../api/client.mjs';
import { freePort, until } from '../../api/server.mjs';
import { cases } from '../cases.mjs';
import { makeData } from '../data.mjs';
import { load } from '../load.mjs';
import { end, family, launch, Processes, Product } from '../servers.mjs';

function options(args) {
  const o = { customers: 100000, seconds: 5, connections: [1, 16, 64], work: '/var/tmp/kedun-bench' };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].slice(2), value = args[i + 1];
    o[name] = name === 'connections' ? value.split(',').map(Number) : ['customers', 'seconds', 'pid'].includes(name) ? Number(value) : value;
  }
  return o;
}

// Its JSON-RPC behind an nginx with the product's own configuration: the same TLS, one location more.
class Tryton {
  constructor(o, product, port) {
    Object.assign(this, { o, data: product.data, port, dir: join(o.work, 'tryton') });
  }

  configuration() {
    const own = `location /tryton/ { uwsgi_pass unix:${this.o.tryton}/uwsgi.sock; uwsgi_max_temp_file_size 0; uwsgi_read_timeout 60s; uwsgi_buffers 64 16k;
${[['REQUEST_METHOD', '$request_method'], ['REQUEST_URI', '$request_uri'], ['PATH_INFO', '$document_uri'], ['QUERY_STRING', '$query_string'], ['CONTENT_TYPE', '$content_type'],
      ['CONTENT_LENGTH', '$content_length'], ['SERVER_PROTOCOL', '$server_protocol'], ['REMOTE_ADDR', '$remote_addr'], ['SERVER_NAME', '$host'], ['SERVER_PORT', '$server_port'],
      ['HTTPS', 'on'], ['UWSGI_SCHEME', 'https']].map(([k, v]) => `uwsgi_param ${k} ${v};`).join('\n')} }\nlocation /api/ {`;
    const text = readFileSync(join(this.data, 'nginx/nginx.conf'), 'utf8');
    return `user root root;\n${text.replaceAll(`${this.data}/nginx/`, `${this.dir}/nginx/`).replace('location /api/ {', own).replace(/listen 127\.0\.0\.1:\d+/, `listen 127.0.0.1:${this.port}`)}`;
  }

  async start() {
    mkdirSync(join(this.dir, 'nginx/run'), { recursive: true });
    writeFileSync(join(this.dir, 'nginx.conf'), this.configuration());
    this.nginx = launch('/usr/sbin/nginx', ['-p', this.dir, '-c', join(this.dir, 'nginx.conf'), '-e', 'stderr']);
    this.client = new Client({ port: this.port, ca: readFileSync(join(this.data, 'tls/ca.crt')) });
    this.cookie = '';
    let signedIn; // null: refused, which is not tried again
    await until('Tryton', async () => {
      signedIn = await this.call('common.db.login', 'admin', { password: 'tryton-bench' }, 'en');
      return true;
    }, 300);
    if (!signedIn) throw new Error('Tryton refuses its administrator');
    const [id, session] = signedIn;
    this.client.authorization = `Session ${Buffer.from(`admin:${id}:${session}`).toString('base64')}`;
    const postmaster = Number(readFileSync(join(this.o.tryton, 'db/postmaster.pid'), 'utf8').split('\n')[0]);
    this.roots = [this.nginx.pid, this.o.pid, postmaster];
    return this;
  }

  // Its processes come and go with its connections to the database: looked up anew.
  get processes() {
    return new Processes(this.roots.flatMap(family), { uwsgi: /^uwsgi/, postgres: /^postgres|\/postgres/, runuser: /^(sudo|runuser|env)/ });
  }

  async call(method, ...params) {
    const headers = this.client.authorization ? { authorization: this.client.authorization } : {};
    const answer = ok(await this.client.post('/tryton/', { id: 1, method, params }, { headers }));
    if (answer.error) throw new Error(JSON.stringify(answer.error).slice(0, 500));
    return answer.result;
  }

  async stop() {
    this.client.close();
    await end(this.nginx);
  }
}

const rpc = (method, ...params) => ['POST', '/tryton/', JSON.stringify({ id: 1, method: `model.party.party.${method}`, params: [...params, {}] })];
const COLUMNS = ['name', 'code', 'mobile', 'phone', 'email', 'addresses', 'identifiers', 'categories', 'lang', 'active', 'create_date', 'replaced_by'];
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const newcomer = { name: '杭州@N@测试有限公司', contact_mechanisms: [['create', [{ type: 'mobile', value: '1@N@' }, { type: 'email', value: 'a@N@@example.cn' }]]],
  addresses: [['create', [{ street: '浙江省杭州市西湖区文三路1号' }]]] };

// The cases of cases.mjs that both can do; the requests to Tryton, made from what stands in it.
const asked = {
  page: (t) => times(2000, () => rpc('search_read', [], Math.floor(Math.random() * Math.min(200, t.count / 50)) * 50, 50, [['id', 'DESC']], COLUMNS)),
  detail: (t) => times(2000, () => rpc('read', [pick(t.rows).id], COLUMNS)),
  search: (t) => t.rows.filter((r) => r.mobile).map((r) => rpc('search_read', [['contact_mechanisms.value', '=', r.mobile]], 0, 50, null, COLUMNS)),
  fragment: (t) => times(1000, (i) => {
    const name = pick(t.rows).name, at = Math.floor(Math.random() * Math.max(1, name.length - 6));
    return rpc('search_read', [['name', 'ilike', `%${i % 10 < 3 ? '有限公司' : name.slice(at, at + (i % 10 === 3 ? 1 : 2 + (i % 2)))}%`]], 0, 50, [['id', 'DESC']], COLUMNS);
  }),
  create: () => [rpc('create', [newcomer])],
};

async function see(tryton) {
  const method = 'model.party.party.search_read';
  const count = await tryton.call('model.party.party.search_count', [], {});
  const rows = await tryton.call(method, [], 0, 2000, [['id', 'DESC']], ['name', 'mobile'], {});
  const one = await tryton.call(method, [['contact_mechanisms.value', '=', rows.find((r) => r.mobile).mobile]], 0, 50, null, COLUMNS, {});
  if (count < 1000 || one.length < 1 || !one[0].mobile) throw new Error('Tryton does not answer what was filled in');
  return { count, rows };
}

const total = (cpu) => Object.values(cpu).reduce((a, b) => a + b, 0);
const text = (r) => `${r.rate.toFixed(0).padStart(6)}/s  p50 ${r.p50_ms.toFixed(1)} p99 ${r.p99_ms.toFixed(1)} ms  CPU ${Object.entries(r.cpu).map(([k, v]) => `${k} ${v}`).join(' + ')} = ${total(r.cpu)} µs  ${Math.round(r.bytes)} B` +
  `${r.refused + r.broken ? `  (${r.refused + r.broken} refused)` : ''}`;

async function run(o, product, tryton) {
  const there = await see(tryton), lines = [];
  for (const name of Object.keys(asked)) {
    const c = cases[name], own = await product.as(c.actor), ours = await c.product(own), theirs = asked[name](there);
    await load(product, own, ours, 4, 1, o.work);
    await load(tryton, { authorization: tryton.client.authorization, cookie: '' }, theirs, 16, o.seconds, o.work); // each of its workers fills caches of its own
    for (const connections of o.connections) {
      const kedun = await load(product, own, ours, connections, o.seconds, o.work);
      const other = await load(tryton, { authorization: tryton.client.authorization, cookie: '' }, theirs, connections, o.seconds, o.work);
      lines.push({ case: name, customers: o.customers, connections, kedun, tryton: other, load: +loadavg()[0].toFixed(1) });
      console.log(`${name.padEnd(9)} ${String(connections).padStart(3)} conn  Kedun  ${text(kedun)}\n${' '.repeat(20)}Tryton ${text(other)}`);
    }
  }
  return lines;
}

const o = options(process.argv.slice(2));
const { data, share } = makeData(o.work, o.customers, true), copy = join(o.work, 'copy-tryton');
execFileSync('rm', ['-rf', copy]);
execFileSync('cp', ['-a', data, copy]);
const product = await new Product(copy, share, await freePort(), []).start();
let tryton;
try {
  tryton = await new Tryton(o, product, await freePort()).start();
  console.log(`${o.customers} customers; ${cpus().length} x ${cpus()[0].model.trim()}, Linux ${release()}, load ${loadavg()[0].toFixed(1)}; both behind nginx with the same TLS; load generator on the same machine`);
  console.log('Kedun: jails, seals, masks, audit, budgets, branch scope. Tryton: uWSGI, 4 processes of 4 threads; PostgreSQL, 512 MB of buffers, durable; its administrator, no row rules, nothing sealed or recorded');
  const results = await run(o, product, tryton);
  if (o.json) writeFileSync(o.json, `${JSON.stringify({ date: new Date().toISOString(), results }, null, 1)}\n`);
} finally {
  await tryton?.stop();
  await product.stop();
  execFileSync('rm', ['-rf', copy, join(o.work, 'tryton')]);
}

// The data of a run: a demo company whose roles have the bench's budgets, and the floor's copy of its customers.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = resolve(root, process.env.KEDUN_BUILD ?? 'build');
export const password = 'demo-password';

// Ordinary budgets of distinct people, counted and written to disk like any; only large enough for the run.
const LIMIT = 5000000;
export const budget = { minute: LIMIT, hour: LIMIT, day: LIMIT };

function benchRoles(file, more) {
  const roles = JSON.parse(readFileSync(file, 'utf8'));
  const all = { clear: { personal: budget, sensitive: budget }, masked: { personal: budget, sensitive: budget }, lookups: budget };
  const last = Math.max(...roles.roles.map((role) => role.id));
  roles.roles.push(...more.map((role, i) => ({ id: last + 1 + i, ...role })));
  for (const role of roles.roles) if (!/admin|auditor/.test(role.name)) role.budget = all;
  roles.company.budget = all;
  delete roles.company.high_risk; // what is measured is no day's work
  writeFileSync(file, JSON.stringify(roles));
}

// Copies that every role of process may read, wherever the source tree lies; `more` are roles beside the shipped ones.
export function makeShare(dir, more = []) {
  mkdirSync(dir, { recursive: true });
  for (const d of ['objects', 'policies']) cpSync(join(root, d), join(dir, d), { recursive: true });
  benchRoles(join(dir, 'policies/roles.json'), more);
  execFileSync('chmod', ['-R', 'a+rX', dir]);
  return ['--set', `objects_dir=${dir}/objects`, '--set', `policies_dir=${dir}/policies`];
}

// Kept for the next run: 100,000 customers take a minute; `bare`, with nothing beside them, a third of it.
export function makeData(work, customers, bare = false, roles = []) {
  const data = join(work, `${bare ? 'bare' : 'data'}-${customers}`), stamp = `${data}.json`;
  mkdirSync(work, { recursive: true });
  chmodSync(work, 0o711);
  const share = makeShare(join(work, 'share'), roles);
  if (existsSync(stamp)) return { data, share, made: JSON.parse(readFileSync(stamp, 'utf8')) };
  execFileSync('rm', ['-rf', data]);
  const begin = Date.now();
  const done = spawnSync(join(build, 'kedun'),
    ['demo', '--data', data, '--customers', String(customers), '--leads', '0', '--seed', '1', ...(bare ? ['--bare'] : []), ...share], { encoding: 'utf8' });
  const rows = Number(/(\d+) records in/.exec(done.stdout)?.[1]);
  if (done.status !== 0 || !rows) throw new Error(`kedun demo: ${done.stderr || done.stdout}`);
  const made = { rows, seconds: (Date.now() - begin) / 1000 };
  writeFileSync(stamp, JSON.stringify(made));
  return { data, share, made };
}

// What stands in the floor's column for a field: plain values as they are, sealed ones as long as their masks.
const masks = {
  person_name: "'张**'", mobile: "printf('1%010d', row)", phone: "'0571-****88'", mail: "'z***@example.example'",
  address: "'浙江省杭州市西湖区****'", resident_id: "'3301**************'", bank_card: "'****1234'",
};

function column(field) {
  const cell = `f_${field.id}`;
  if (['personal', 'sensitive'].includes(field.class))
    return `CASE WHEN ${cell} IS NULL THEN NULL ELSE ${masks[field.name] ?? "'***'"} END AS ${field.name}`;
  if (field.type === 'money') return `printf('%d.%02d', ${cell} / 100, ${cell} % 100) AS ${field.name}`;
  if (field.type === 'datetime') return `strftime('%Y-%m-%dT%H:%M:%S.000Z', ${cell} / 1000, 'unixepoch') AS ${field.name}`;
  if (field.type === 'reference') return `NULL AS ${field.name}`;
  return `${cell} AS ${field.name}`;
}

function sql(file, script) {
  const done = spawnSync('sqlite3', ['-bail', file], { input: script, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the floor's file: ${done.stderr}`);
}

// Tables and indexes like the product's own, less what only the guard needs.
export function makeFloor(data) {
  const file = `${data}.floor.db`;
  if (existsSync(file)) {
    sql(file, 'CREATE INDEX IF NOT EXISTS customer_ending ON customer(substr(mobile, -4), branch);'); // an older file has none
    return file;
  }
  const object = JSON.parse(readFileSync(join(root, 'objects/customer.json'), 'utf8'));
  const names = object.fields.map((f) => f.name);
  const script = `
PRAGMA journal_mode=WAL;
ATTACH '${join(data, 'db/kedun.db')}' AS kedun;
CREATE TABLE customer(row INTEGER PRIMARY KEY, id BLOB NOT NULL, owner, department, branch, created_at, ${names.join(', ')});
INSERT INTO customer SELECT row, id, owner, department, branch, created_at, ${object.fields.map(column).join(', ')} FROM kedun.o_${object.id};
CREATE UNIQUE INDEX customer_id ON customer(id);
CREATE INDEX customer_owner ON customer(owner, created_at, id);
CREATE INDEX customer_department ON customer(department, created_at, id);
CREATE INDEX customer_branch ON customer(branch, created_at, id);
CREATE INDEX customer_mobile ON customer(mobile);
CREATE INDEX customer_ending ON customer(substr(mobile, -4), branch);
CREATE TABLE generate_numbers(value INTEGER PRIMARY KEY);
WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 120) INSERT INTO generate_numbers SELECT v FROM n;
CREATE TABLE gram(gram TEXT, row INTEGER, PRIMARY KEY(gram, row)) WITHOUT ROWID;
INSERT OR IGNORE INTO gram SELECT substr(name, value, 2), row FROM customer, generate_numbers WHERE value < length(name);
INSERT OR IGNORE INTO gram SELECT substr(name, value, 1), row FROM customer, generate_numbers WHERE value <= length(name);
CREATE VIEW customer_shown AS SELECT id, created_at, owner, branch, department, ${names.join(', ')} FROM customer;
ANALYZE;
PRAGMA wal_checkpoint(TRUNCATE);`;
  execFileSync('rm', ['-f', `${file}.new`]);
  sql(`${file}.new`, script);
  execFileSync('mv', [`${file}.new`, file]);
  return file;
}

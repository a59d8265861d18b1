// What a run of the matrix says: the bars, the plain report, and the comparison with an earlier run. No I/O here.
// A run is {run, results: [line]}; a line has case, customers, connections, rate, ratio, p50_ms, p99_ms, cpu_us_total …
// (matrix.mjs makes them). Lines of two runs are the same when case, customers and connections are.

// What the product is held to. `at`: connections; `customers`: only at this size (else at each); `most`/`least`: the value.
export const bars = [
  { case: 'page', at: 64, value: 'rate', least: 3500, unit: 'pages/s' },
  { case: 'page', at: 64, value: 'ratio', least: 0.3, unit: 'of the floor' },
  { case: 'page', at: 64, value: 'p99_ms', most: 40, unit: 'ms p99' },
  { case: 'detail', at: 64, value: 'rate', least: 8000, unit: 'records/s' },
  { case: 'search', at: 64, value: 'rate', least: 8000, unit: 'searches/s' },
  { case: 'last4', at: 64, value: 'p99_ms', most: 30, unit: 'ms p99' },
  { case: 'fragment', at: 64, customers: 1000000, value: 'p99_ms', most: 80, unit: 'ms p99' },
  { case: 'create', at: 64, value: 'rate', least: 3000, unit: 'records/s' },
  { case: 'create', at: 64, value: 'p99_ms', most: 60, unit: 'ms p99' },
  { case: 'create beside import', at: 64, value: 'p99_ms', most: 60, unit: 'ms p99' },
  { case: 'import', customers: 0, value: 'rate', least: 25000, unit: 'rows/s' },
  { case: 'import', customers: 1000000, value: 'rate', least: 15000, unit: 'rows/s' },
  { case: 'import', value: 'memory_mb', most: 600, unit: 'MB, all processes' },
  { case: 'idle', customers: 1000000, value: 'memory_mb', most: 200, unit: 'MB, engine, jobs and keeper' },
  { case: 'idle', customers: 1000000, value: 'start_ms', most: 2000, unit: 'ms to the first answer' },
];

export const COST = 0.1; // what a change may cost before it is told

const key = (line) => `${line.case}/${line.customers}/${line.connections}`;
const known = (x) => typeof x === 'number' && Number.isFinite(x);
const n = (x) => (!known(x) ? '-' : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

// Each bar with what was measured for it: [{bar, customers, measured, met}]; a bar without a measurement is left out;
// where nothing was answered at all none is met.
export function held(results) {
  return bars.flatMap((bar) => results
    .filter((l) => l.case === bar.case && (bar.at === undefined || l.connections === bar.at) &&
      (bar.customers === undefined || l.customers === bar.customers) && known(l[bar.value]))
    .map((l) => ({ bar, customers: l.customers, measured: l[bar.value],
      met: l.rate !== 0 && (bar.least === undefined ? l[bar.value] <= bar.most : l[bar.value] >= bar.least) })));
}

// How far the rate of pages falls from the smallest base to the largest: the bar is 0.8. Undefined with one size only.
export function grown(results) {
  const lines = results.filter((l) => l.case === 'page' && l.connections === 64 && known(l.rate)).sort((a, b) => a.customers - b.customers);
  if (lines.length < 2 || lines[0].customers === lines.at(-1).customers) return undefined;
  const [small, large] = [lines[0], lines.at(-1)];
  return { small: small.customers, large: large.customers, rate: large.rate / small.rate,
    floor: known(small.floor_rate) ? large.floor_rate / small.floor_rate : undefined, cpu: large.cpu_us_total / small.cpu_us_total };
}

// How much dearer `now` is than `then` by one measure, as a part of it (0.1: a tenth dearer); undefined: not measured.
const rise = (now, then) => (known(now) && known(then) && then > 0 ? now / then - 1 : undefined);

// CPU time of an operation: beside the floor's of the same minute where there is one, since both swell when others work.
function cpu(now, then) {
  if (known(now.floor_cpu_us_total) && known(then.floor_cpu_us_total) && now.floor_cpu_us_total > 0)
    return rise(now.cpu_us_total / now.floor_cpu_us_total, then.cpu_us_total / then.floor_cpu_us_total);
  return rise(now.cpu_us_total, then.cpu_us_total);
}

// Lines of both runs: {key, ratio, cpu, memory: how much dearer each has become, dearer: by more than COST in one of them}.
// `spread` of a line is what its own rounds differed by: a cost within it is noise and marked so.
export function compare(now, then) {
  const before = new Map(then.results.map((l) => [key(l), l]));
  return now.results.filter((l) => before.has(key(l))).map((l) => {
    const b = before.get(key(l));
    const costs = { ratio: rise(b.ratio, l.ratio), cpu: cpu(l, b), memory: rise(l.memory_mb, b.memory_mb), start: rise(l.start_ms, b.start_ms) };
    const dearer = Object.entries(costs).filter(([, x]) => known(x) && x > COST).map(([name]) => name);
    return { key: key(l), case: l.case, customers: l.customers, connections: l.connections, ...costs, dearer,
      noise: Math.max(l.spread ?? 0, b.spread ?? 0) };
  });
}

const percent = (x) => (known(x) ? `${x >= 0 ? '+' : ''}${(x * 100).toFixed(0)} %` : '-');

function table(head, rows) {
  const all = [head, ...rows], width = head.map((_, i) => Math.max(...all.map((r) => String(r[i]).length)));
  return all.map((r) => r.map((c, i) => (i === 0 ? String(c).padEnd(width[i]) : String(c).padStart(width[i]))).join('  ').trimEnd());
}

const of = (cpus) => Object.entries(cpus ?? {}).map(([name, us]) => `${name} ${us}`).join(' + ');

function measured(results) {
  const rows = results.filter((l) => known(l.rate)).map((l) => [l.case, l.customers, l.connections || '-', n(l.rate), l.unit, n(l.floor_rate), n(l.ratio),
    n(l.p50_ms), n(l.p99_ms), n(l.cpu_us_total), n(l.floor_cpu_us_total), n(l.memory_mb), l.refused || 0]);
  return table(['case', 'customers', 'conn', 'rate', 'unit', 'floor', 'ratio', 'p50 ms', 'p99 ms', 'CPU µs', "floor's", 'MB', 'refused'], rows);
}

function comparison(now, then) {
  const all = compare(now, then), bad = all.filter((c) => c.dearer.length > 0);
  const rows = all.map((c) => [c.case, c.customers, c.connections || '-', percent(c.ratio), percent(c.cpu), percent(c.memory), percent(c.start),
    percent(c.noise), c.dearer.length > 0 ? `DEARER: ${c.dearer.join(', ')}` : '']);
  return [`Against ${then.run.commit} of ${then.run.date} (cost: how much dearer; noise: what rounds of one run differed by)`,
    ...table(['case', 'customers', 'conn', 'ratio', 'CPU', 'memory', 'start', 'noise', ''], rows),
    `${bad.length} of ${all.length} cost more than ${COST * 100} % in one of these`];
}

// The whole report as lines of text.
export function report(run, against) {
  const { results } = run, growth = grown(results), idle = results.filter((l) => l.case === 'idle');
  return [`Kedun ${run.run.commit}, ${run.run.date}`, `machine: ${run.run.machine}`, `configuration: ${run.run.configuration}`,
    `budgets: ${run.run.budgets}`, `mix: ${run.run.mix}`, '', ...measured(results), '',
    ...idle.map((l) => `idle, ${l.customers} customers: ${n(l.start_ms)} ms to the first answer; ${n(l.memory_mb)} MB of their own (${of(l.memory)}), ` +
      `${n(l.pss_mb)} MB with their share of mapped files`),
    ...results.filter((l) => l.longest_hold_ms).map((l) => `${l.case}, ${l.customers} customers: ${l.longest_hold_ms}`), '',
    'CPU µs an operation by process', ...results.filter((l) => l.cpu_us).map((l) => `  ${l.case}, ${l.customers} customers, ${l.connections || '-'} conn: ${of(l.cpu_us)}`), '',
    'Bars', ...held(results).map((h) => `  ${h.met ? 'met    ' : 'NOT MET'} ${h.bar.case}, ${h.customers} customers${h.bar.at ? `, ${h.bar.at} conn` : ''}: ` +
      `${n(h.measured)} ${h.bar.unit} (${h.bar.least === undefined ? 'at most' : 'at least'} ${h.bar.least ?? h.bar.most})`),
    ...(growth ? [`  ${growth.rate >= 0.8 ? 'met    ' : 'NOT MET'} page, ${growth.large} beside ${growth.small} customers: ${n(growth.rate)} of the rate (at least 0.80); ` +
      `the floor's ${n(growth.floor)}; ${n(growth.cpu)} times the CPU time`] : []),
    ...(run.run.left_out?.length ? ['', `left out: ${run.run.left_out.join('; ')}`] : []),
    ...(against ? ['', ...comparison(run, against)] : [])];
}

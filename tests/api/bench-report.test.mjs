// The report of `./do bench matrix`: bars, growth and the comparison with an earlier run. No server is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, grown, held, report } from '../bench/report.mjs';

const line = (over = {}) => ({ case: 'page', customers: 100000, connections: 64, rate: 4000, unit: 'pages/s', floor_rate: 8000, ratio: 0.5, p50_ms: 10, p99_ms: 30,
  cpu_us_total: 400, floor_cpu_us_total: 200, ...over });
const run = (...results) => ({ run: { commit: 'abc', date: '2026-01-01', machine: 'm', configuration: 'c', budgets: 'b', mix: 'x' }, results });
const costs = (now, then) => compare(run(line(now)), run(line(then)))[0].dearer;

test('a bar is met at its value and not beyond it', () => {
  const met = (over) => Object.fromEntries(held([line(over)]).map((h) => [h.bar.value, h.met]));
  assert.deepEqual(met({ rate: 3500, ratio: 0.3, p99_ms: 40 }), { rate: true, ratio: true, p99_ms: true });
  assert.deepEqual(met({ rate: 3499, ratio: 0.29, p99_ms: 41 }), { rate: false, ratio: false, p99_ms: false });
});

test('a bar is not met by a server that answers nothing', () => {
  assert.ok(held([line({ rate: 0, p99_ms: 0 })]).every((h) => !h.met));
});

test('a bar speaks of its own size and number of connections only', () => {
  assert.equal(held([line({ connections: 16 })]).length, 0);
  const fragment = { case: 'fragment', p99_ms: 79 };
  assert.equal(held([line({ ...fragment, customers: 100000 })]).length, 0);
  assert.equal(held([line({ ...fragment, customers: 1000000 })])[0].met, true);
  assert.equal(held([line({ case: 'import', connections: 0, customers: 0, rate: 9000, memory_mb: undefined })]).length, 1);
});

test('a cost of more than a tenth in ratio to the floor, or in CPU time beside the floor, shows; less does not', () => {
  assert.deepEqual(costs({ ratio: 0.44 }, {}), ['ratio']);
  assert.deepEqual(costs({ ratio: 0.46 }, {}), []);
  assert.deepEqual(costs({ cpu_us_total: 445 }, {}), ['cpu']);
  assert.deepEqual(costs({ cpu_us_total: 435 }, {}), []);
  assert.deepEqual(costs({ ratio: 0.9, cpu_us_total: 100 }, {}), [], 'cheaper is no cost');
});

test('a machine that is slower for both is no cost', () => {
  assert.deepEqual(costs({ rate: 400, floor_rate: 800, cpu_us_total: 800, floor_cpu_us_total: 400 }, {}), []);
});

test('without a floor CPU time itself is compared, and memory and start too', () => {
  const bare = { case: 'import', floor_cpu_us_total: undefined, ratio: undefined };
  assert.deepEqual(costs({ ...bare, cpu_us_total: 445 }, bare), ['cpu']);
  assert.deepEqual(costs({ ...bare, memory_mb: 120 }, { ...bare, memory_mb: 100 }), ['memory']);
  assert.deepEqual(costs({ ...bare, start_ms: 1200 }, { ...bare, start_ms: 1000 }), ['start']);
});

test('only lines of both runs are compared', () => {
  assert.equal(compare(run(line(), line({ connections: 1 })), run(line({ connections: 16 }), line())).length, 1);
});

test('growth is told from the smallest base to the largest', () => {
  assert.equal(grown([line()]), undefined);
  const g = grown([line({ customers: 1000000, rate: 3000, floor_rate: 6000, cpu_us_total: 500 }), line()]);
  assert.deepEqual([g.rate, g.floor, g.cpu], [0.75, 0.75, 1.25]);
});

test('the report names what is not met, what is dearer and what was left out', () => {
  const now = run(line({ p99_ms: 50, ratio: 0.4, spread: 0.05 }), { case: 'idle', customers: 1000000, connections: 0, start_ms: 900, memory_mb: 80, pss_mb: 90, memory: { engine: 80 } });
  now.run.left_out = ['import: out of time'];
  const text = report(now, run(line())).join('\n');
  assert.match(text, /NOT MET page, 100000 customers, 64 conn: 50\.0 ms p99 \(at most 40\)/);
  assert.match(text, /met +idle, 1000000 customers: 900 ms to the first answer/);
  assert.match(text, /DEARER: ratio/);
  assert.match(text, /1 of 1 cost more than 10 %/);
  assert.match(text, /left out: import: out of time/);
});

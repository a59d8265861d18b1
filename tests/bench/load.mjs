// One measurement: wrk plays a list of requests for some seconds; CPU time is read off the processes.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './data.mjs';

// Where this second's numbers begin (requests.lua): a base that is kept has those of earlier runs, and mobiles are unique.
const unique = () => (Math.floor(Date.now() / 1000) % 1000000) * 7000;

function wrk(args, env) {
  return new Promise((done, failed) => {
    const child = spawn('wrk', args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (t) => (text += t));
    child.stderr.on('data', (t) => (text += t));
    child.on('exit', () => {
      const line = /^\{"requests".*$/m.exec(text);
      if (line) done(JSON.parse(line[0]));
      else failed(new Error(`wrk: ${text.slice(-500)}`));
    });
  });
}

// Why requests were refused: some are asked once more, and their answers counted by status and code.
export async function refusals(client, requests) {
  const why = {};
  for (let i = 0; i < requests.length; i += Math.ceil(requests.length / 300)) {
    const [method, path, body] = requests[i];
    if (body?.includes('@N@')) continue;
    const answer = method === 'GET' ? await client.get(path) : await client.post(path, JSON.parse(body));
    if (answer.status < 400) continue;
    const key = `${answer.status} ${answer.json?.code ?? ''}`.trim();
    why[key] = (why[key] ?? 0) + 1;
  }
  return why;
}

// {rate, p50_ms, p99_ms, cpu: µs a request by process, refused, broken, why: by status and code, of requests sent once}
export async function load(server, client, requests, connections, seconds, work) {
  const file = join(work, 'requests.tsv');
  writeFileSync(file, requests.map((r) => r.join('\t')).join('\n') + '\n');
  const threads = Math.min(2, connections);
  const env = { BENCH_REQUESTS: file, BENCH_COOKIE: client.cookie, BENCH_CSRF: client.csrf ?? '', BENCH_AUTHORIZATION: client.authorization ?? '', BENCH_UNIQUE: String(unique()) };
  const before = server.processes.cpu();
  const o = await wrk([`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s',
    join(root, 'tests/bench/requests.lua'), `https://127.0.0.1:${server.port}`], env);
  const after = server.processes.cpu();
  const cpu = {};
  for (const name of Object.keys(after)) {
    const us = (after[name] - (before[name] ?? 0)) / Math.max(1, o.requests); // none answered: all of it
    if (us >= 0.5) cpu[name] = Math.round(us);
  }
  return { rate: o.requests / o.us * 1e6, p50_ms: o.p50 / 1000, p99_ms: o.p99 / 1000, cpu, refused: o.refused, broken: o.broken, why: o.why, bytes: o.bytes / o.requests };
}

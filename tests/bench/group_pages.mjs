// Pages of somebody's customers as a list of requests, and sides that are measured in turn: what the benches of rights share.
import { FIELDS } from './cases.mjs';
import { load } from './load.mjs';

export async function must(answer, status = [200, 201]) {
  const a = await answer;
  if (!status.includes(a.status)) throw new Error(`${a.status} ${a.text.slice(0, 400)}`);
  return a.json;
}

const LIST = `/api/v1/records/customer?limit=50&fields=${FIELDS}`;

export async function pages(client) {
  const requests = [];
  let cursor;
  for (let i = 0; i < 40; i++) {
    const path = cursor ? `${LIST}&cursor=${cursor}` : LIST, page = await must(client.get(path));
    if (i === 0 || page.items.length === 50) requests.push(['GET', path]);
    cursor = page.next_cursor;
    if (!cursor) break;
  }
  return requests;
}

const sum = (cpu) => Object.values(cpu).reduce((a, b) => a + b, 0);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// The sides in turn: [{name, server, client, requests}] → the same with medians.
export async function takeTurns(o, sides) {
  for (const s of sides) await load(s.server, s.client, s.requests, o.connections, 1, o.work);
  for (let round = 0; round < o.rounds; round++) {
    for (const s of sides) {
      const a = await load(s.server, s.client, s.requests, o.connections, o.seconds, o.work);
      if (a.refused + a.broken > 0) throw new Error(`${s.name}: ${a.refused} refused, ${a.broken} broken`);
      (s.rates ??= []).push(a.rate);
      (s.times ??= []).push(sum(a.cpu));
      (s.p99 ??= []).push(a.p99_ms);
    }
  }
  return sides.map((s) => ({ name: s.name, rate: median(s.rates), cpu_us: median(s.times), p99_ms: median(s.p99) }));
}

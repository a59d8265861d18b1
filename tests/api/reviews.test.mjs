// Reviews of rights: opened, answered, carried out, signed off, and what nobody may do in them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { Server, until } from './server.mjs';

const api = '/api/v1';
let server, sys, sec, aud, manager;
before(async () => {
  server = await new Server().start();
  [sys, sec, aud, manager] = await Promise.all(['sysadmin', 'secadmin', 'auditor', 'manager'].map((l) => server.as(l)));
});
after(() => server.stop());

const asked = (more = {}) => ({ title: '季度权限复核', scope: { kinds: ['role'], departments: [3], roles: [] }, reviewers: { heads: true, named: [], fallback: 0 }, due_days: 14, repeat_months: 0, at_due: 'show', ...more });
const open = async (more) => ok(await sec.post(`${api}/reviews`, asked(more)), 201).id;
const look = async (who, id, query = '') => ok(await who.get(`${api}/reviews/${id}${query}`));
const answer = (who, id, lines, verdict, reason = '', instead = '') => who.post(`${api}/reviews/${id}/answer`, { lines: lines.map((l) => ({ user: l.user, n: l.n })), answer: verdict, reason, instead });
const close = (who, id, sign, note) => who.post(`${api}/reviews/${id}/close`, { sign, note });
const canonical = (v) => JSON.stringify(v, Object.keys(v).sort());
const person = async (login, roles) => {
  const id = ok(await sys.post(`${api}/people`, { login, name: `人员${login}`, department: 3 }), 201).id;
  ok(await sec.patch(`${api}/people/${id}`, { roles }));
  return id;
};

test('only a security administrator opens one; what it asks for is checked', async () => {
  for (const who of [sys, aud, manager]) problem(await who.post(`${api}/reviews`, asked()), 403, 'not_your_duty');
  problem(await sec.post(`${api}/reviews`, asked({ title: '' })), 422, 'bad_document', 'title');
  problem(await sec.post(`${api}/reviews`, asked({ due_days: 0 })), 422, 'bad_document', 'due_days');
  problem(await sec.post(`${api}/reviews`, asked({ at_due: 'burn' })), 422, 'bad_document', 'at_due');
  problem(await sec.post(`${api}/reviews`, asked({ scope: { kinds: ['power'] } })), 422, 'bad_document', 'scope');
  problem(await sec.post(`${api}/reviews`, asked({ reviewers: { heads: false, named: [] } })), 422, 'bad_document', 'reviewers');
  problem(await sec.post(`${api}/reviews`, asked({ reviewers: { named: [999999] } })), 422, 'review_reviewer', 'reviewers');
  problem(await sec.post(`${api}/reviews`, asked({ scope: { roles: ['no_such_role'] } })), 422, 'review_empty', 'scope');
});

test('a head sees the lines of his people alone, answers them, and what is to go goes before the sign-off', async () => {
  const spare = await person('reviewed1', ['sales', 'finance', 'marketing']);
  const id = await open();
  problem(await (await server.as('sales3')).get(`${api}/reviews/${id}`), 404, 'not_found');
  const mine = ok(await manager.get(`${api}/reviews`)).items.find((i) => i.review.id === id);
  assert.ok(mine.mine.open > 0 && mine.mine.open === mine.mine.lines);
  assert.equal(mine.counts, undefined, 'how far others are is not his');
  const seen = await look(manager, id);
  assert.ok(seen.lines.every((l) => l.reviewer === manager.me.user && l.user !== manager.me.user && l.may && l.held));
  const whole = await look(sec, id);
  assert.ok(whole.lines.length > seen.lines.length, 'the manager’s own line is another’s');
  const own = whole.lines.find((l) => l.user === manager.me.user);
  assert.notEqual(own.reviewer, manager.me.user);
  assert.ok(seen.roles.sales.some((r) => r.acts.includes('view') && r.scope), JSON.stringify(seen.roles.sales));

  const lines = seen.lines.filter((l) => l.user === spare), rest = seen.lines.filter((l) => l.user !== spare);
  const of = (name) => lines.filter((l) => l.name === name);
  problem(await answer(manager, id, rest, 'keep'), 422, 'reason_missing', 'reason');
  problem(await answer(manager, id, of('finance'), 'take_away'), 422, 'reason_missing', 'reason');
  problem(await answer(manager, id, [own], 'keep'), 403, 'own_review');
  problem(await answer(sec, id, of('finance'), 'keep'), 403, 'not_your_review');
  problem(await answer(manager, id, of('finance'), 'change', '改岗', 'no_such'), 422, 'bad_document', 'instead');
  ok(await answer(manager, id, rest, 'keep', '在岗使用'), 204);
  ok(await answer(manager, id, of('sales'), 'keep'), 204);
  ok(await answer(manager, id, of('finance'), 'take_away', '不再做财务'), 204);
  ok(await answer(manager, id, of('marketing'), 'change', '转服务', 'service'), 204);

  problem(await close(sec, id, true, '完成'), 409, 'review_unanswered');
  const left = whole.lines.filter((l) => !seen.lines.some((s) => s.user === l.user));
  for (const l of left) {
    const who = l.reviewer === 0 ? sec : server.client();
    if (l.reviewer !== 0) ok(await sec.post(`${api}/reviews/${id}/change`, { from: l.reviewer, to: aud.me.user }), 204);
    else ok(await sec.post(`${api}/reviews/${id}/change`, { from: 0, to: aud.me.user }), 204);
    if (who !== sec) who.close();
  }
  const auds = (await look(aud, id, '?mine=true')).lines.filter((l) => !l.answer);
  ok(await answer(aud, id, auds, 'keep', '负责人岗位'), 204);
  problem(await close(sec, id, true, '完成'), 409, 'review_unfinished');
  problem(await manager.post(`${api}/reviews/${id}/carry`, { lines: lines.map((l) => ({ user: l.user, n: l.n })) }), 403, 'not_your_duty');
  const carried = ok(await sec.post(`${api}/reviews/${id}/carry`, { lines: lines.map((l) => ({ user: l.user, n: l.n })) })).items;
  assert.deepEqual(carried.map((i) => i.code ?? i.outcome).sort(), ['done', 'done', 'review_kept']);
  assert.deepEqual(ok(await sec.get(`${api}/people/${spare}`)).document.roles.sort(), ['sales', 'service']);

  problem(await close(aud, id, true, '完成'), 403, 'not_your_duty');
  problem(await close(sec, id, true, ''), 422, 'reason_missing', 'note');
  ok(await close(sec, id, true, '本季度完成'), 204);
  problem(await answer(manager, id, of('sales'), 'take_away', '反悔'), 409, 'review_over');
  problem(await close(sec, id, true, '再签'), 409, 'review_over');

  // The report is what was signed: its lines make the digest that stands in the log.
  const file = await aud.get(`${api}/reviews/${id}/report?format=json`);
  const report = ok(file);
  const digest = createHash('sha256').update(report.lines.map((l) => `${canonical(l)}\n`).join('')).digest('hex');
  assert.equal(report.report.review.digest, digest);
  assert.equal(report.report.review.state, 'signed');
  const went = report.lines.find((l) => l.user === spare && l.name === 'finance');
  assert.deepEqual([went.answer, went.reason, went.by, went.held], ['take_away', '不再做财务', manager.me.user, false]);
  assert.equal(report.names[String(spare)], '人员reviewed1');
  const csv = await sec.get(`${api}/reviews/${id}/report?format=csv`);
  assert.match(csv.text ?? String(csv.body), /take_away/);
  problem(await manager.get(`${api}/reviews/${id}/report`), 403, 'not_your_duty');
  const logged = await until('the entries', async () => {
    const items = ok(await aud.get(`${api}/audit?act=admin&limit=200`)).items.map((i) => i.tag ?? '');
    return items.some((t) => t === `review ${id} signed ${digest.slice(0, 40)}`) && items.some((t) => t.startsWith(`review_report ${id} `)) && items;
  });
  assert.ok(logged.some((t) => t.startsWith(`review ${id} take_away user ${spare} line `)));
  assert.ok(logged.some((t) => t.startsWith(`review ${id} keep ${rest.length} lines `)));
});

test('duties, keys and rights for a time are lines too; a duty goes by two', async () => {
  const sales = await server.as('sales1');
  const made = ok(await sales.post(`${api}/keys`, { label: '=报表', roles: ['sales'], expires_at: new Date(Date.now() + 864e5).toISOString(), networks: ['0.0.0.0/0'] }), 201);
  ok(await sales.post(`${api}/grants`, { why: 'leave', to: 11, roles: ['sales'], until: Date.now() + 3600e3, reason: '休假' }), 201);
  const id = await open({ scope: { kinds: ['duty', 'key', 'loan'] }, reviewers: { heads: false, named: [14], fallback: 0 } });
  const lines = (await look(sec, id)).lines;
  assert.deepEqual([...new Set(lines.map((l) => l.kind))].sort(), ['duty', 'key', 'loan']);
  const key = lines.find((l) => l.kind === 'key');
  // Of himself the opener chooses no reviewer, and he does not sign it off.
  const own = lines.find((l) => l.user === sec.me.user), others = lines.filter((l) => l.user !== sec.me.user);
  assert.equal(own.reviewer, aud.me.user);
  assert.ok(others.every((l) => l.reviewer === manager.me.user || l.user === manager.me.user));
  problem(await answer(manager, id, [own], 'keep'), 404, 'not_found');
  problem(await close(sec, id, true, '完成'), 403, 'own_lines');
  const standing = (r) => [r.review.may_sign, r.review.why_not];
  assert.deepEqual(standing(await look(sec, id)), [false, 'own_lines']);
  assert.deepEqual(standing(await look(aud, id)), [true, '']);
  problem(await close(aud, id, true, '完成'), 409, 'review_unanswered');
  problem(await close(aud, id, false, '取消'), 403, 'not_your_duty');
  assert.deepEqual([key.key, key.label, key.user], [made.id, '=报表', 10]);
  problem(await answer(manager, id, [key], 'change', '换', 'sales'), 422, 'review_change', 'answer');
  ok(await answer(manager, id, lines.filter((l) => l.kind !== 'duty'), 'take_away', '清理'), 204);
  const carried = ok(await sec.post(`${api}/reviews/${id}/carry`, { lines: lines.filter((l) => l.kind !== 'duty') })).items;
  assert.deepEqual(carried.map((i) => i.outcome), carried.map(() => 'done'), JSON.stringify(carried));
  const now = (await look(sec, id)).lines;
  assert.deepEqual(now.filter((l) => l.kind !== 'duty').map((l) => l.held), carried.map(() => false));
  const csv = await sec.get(`${api}/reviews/${id}/report?format=csv`);
  assert.match(csv.text ?? String(csv.body), /"'=报表"/, 'no cell that a spreadsheet would run');
  ok(await close(sec, id, false, '只是试验'), 204);
  assert.equal(ok(await aud.get(`${api}/reviews`)).items.find((i) => i.review.id === id).review.state, 'cancelled');
});

test('who answered lines does not sign; a key is nobody’s reviewer', async () => {
  const id = await open({ scope: { kinds: ['role'], roles: ['finance'] }, reviewers: { heads: false, named: [sec.me.user], fallback: 0 }, repeat_months: 3 });
  const document = (await look(sec, id)).review.review;
  assert.ok(document.next_at > Date.now() + 80 * 864e5);
  const lines = (await look(sec, id)).lines;
  assert.ok(lines.length > 0);
  ok(await answer(sec, id, lines, 'keep', '确认'), 204);
  problem(await close(sec, id, true, '完成'), 403, 'own_answers');
  ok(await sec.post(`${api}/reviews/${id}/change`, { stop_repeats: true }), 204);
  assert.equal((await look(sec, id)).review.review.next_at, 0);
  problem(await sys.get(`${api}/reviews/${id}`), 404, 'not_found');
  assert.equal(ok(await sys.get(`${api}/reviews`)).items.length, 0);
});

/* Tasks in the words of those who have them, done as they would: by clicking, without a line of Cedar. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { api, enter, settled, test, visit } from './browser.mjs';
import { cell, done, openMatrix, rollBack } from './matrix.mjs';
import { people } from './people.mjs';

test('salespeople reveal a customer only minutes after a second factor', () =>
  visit({}, async (page) => {
    await openMatrix(page, 'sales');
    await cell(page, 'customer.reveal').click();
    const grant = page.locator('.kd-modal .grant');
    await grant.first().waitFor();
    assert.equal(await grant.count(), 1);
    await grant.locator('input[id^=factor]').fill('10');
    await page.locator('.kd-modal footer .primary').click();
    await settled(page);
    await page.locator('.matrix-bar .primary').click();
    await page.waitForSelector('[data-test=verdict].good');
    // Whoever has just shown his factor loses nothing: the one thing that changes is the reveal without it.
    const effects = await page.locator('[data-test=effect]').allInnerTexts();
    assert.equal(effects.length, 1, effects.join('\n'));
    assert.match(effects[0], /未做两步验证时/);
    assert.match(effects[0], /减少[\s\S]*客户[\s\S]*销售/);
  }));

test('a change of yesterday is taken back, and a second security administrator agrees', () =>
  visit({}, async (page) => {
    await openMatrix(page, 'privacy_officer');
    const before = (await cell(page, 'ticket.delete').innerText()).trim();
    assert.notEqual(before, '—');
    await cell(page, 'ticket.delete').click();
    while (await page.locator('.kd-modal .remove').count()) await page.locator('.kd-modal .remove').first().click();
    await page.locator('.kd-modal footer .primary').click();
    await page.locator('.matrix-bar .primary').click();
    await page.waitForSelector('[data-test=verdict].good');
    await page.fill('#policy-note', '隐私专员不删工单');
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await rollBack(page);
    await page.click('#tab-matrix');
    await page.selectOption('#policy-role', 'privacy_officer');
    await settled(page);
    assert.equal((await cell(page, 'ticket.delete').innerText()).trim(), before);
  }));

test('Wang is on leave for a week and Chen looks after his customers', () =>
  visit({}, async (page) => {
    const count = async () => (await api(page, 'GET', '/records/customer?count=true&limit=1')).body.count.value;
    await enter(page, 'chenlei');
    const alone = await count();
    await enter(page, 'sales');
    const wangs = await count();
    await page.goto('/access');
    const name = (await api(page, 'GET', '/directory')).body.users.find((u) => u.login === 'chenlei')?.name ?? '陈磊';
    await page.selectOption('#lend-to', { label: name });
    await page.fill('#lend-reason', '年假');
    await page.locator('form:has(#lend-to) button[type=submit]').click();
    await page.locator('li:has-text("年假") button:has-text("结束")').waitFor();
    await enter(page, 'chenlei');
    assert.equal(await count(), alone + wangs);
    // Back early: what was lent ends in the same place.
    await enter(page, 'sales');
    await page.goto('/access');
    await page.locator('li:has-text("年假") button:has-text("结束")').click();
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await enter(page, 'chenlei');
    assert.equal(await count(), alone);
  }));

test('an agent helps finance at the close of the month, for three days, once somebody has agreed', () =>
  visit({ phone: true }, async (page) => {
    const reason = `月结 ${Date.now()}`;
    await enter(page, 'service');
    await page.goto('/access');
    await page.locator('#ask-role option[value=finance]').waitFor({ state: 'attached' });
    await page.selectOption('#ask-role', 'finance');
    await page.selectOption('#ask-hours', '72');
    await page.fill('#ask-reason', reason);
    await page.locator('form:has(#ask-role) button[type=submit]').click();
    await page.locator(`li:has-text("${reason}")`).waitFor();
    assert.equal((await api(page, 'GET', '/records/payment?limit=1')).status, 404, 'asking alone opens nothing');
    await enter(page, 'security');
    await page.goto('/people?tab=proposals');
    await page.locator(`li:has-text("${reason}") .primary`).click();
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await enter(page, 'service');
    assert.equal((await api(page, 'GET', '/records/payment?limit=1')).status, 200);
    await enter(page, 'security');
    await page.goto('/people?tab=grants');
    await page.locator(`li:has-text("${reason}") button:has-text("结束")`).click();
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await enter(page, 'service');
    assert.equal((await api(page, 'GET', '/records/payment?limit=1')).status, 404);
  }));

test('why can the agent not see this resident id?', () =>
  visit({}, async (page) => {
    await enter(page, 'security');
    await page.goto('/policies');
    await page.click('#tab-why');
    await page.locator('#why-field option[value=resident_id]').waitFor({ state: 'attached' });
    await page.selectOption('#why-user', { label: '孙悦' });
    await page.selectOption('#why-field', 'resident_id');
    await page.locator('form.ask .primary').click();
    await page.locator('.answer').first().waitFor();
    const answers = await page.locator('.answer').allInnerTexts();
    assert.ok(answers.some((a) => /明文|查看/.test(a) && /拒绝|不允许/.test(a)), answers.join('\n'));
  }));

/* The dialog of one role on the page of sign-in rules and limits. */
async function openLimits(page, label) {
  await enter(page, 'security');
  await page.goto('/sign-in-rules');
  await page.locator('#tab-roles').click();
  await page.locator(`.roles li:has-text("${label}") .btn`).first().click();
  await page.locator('[role=dialog] tbody tr').first().waitFor();
}
const roleOf = async (page, name) => (await api(page, 'GET', '/roles')).body.items.find((r) => r.name === name);
async function approve(page, reason) {
  const waiting = (await api(page, 'GET', '/proposals')).body.items.find((p) => p.reason === reason && p.state === 'open');
  assert.equal((await api(page, 'POST', `/proposals/${waiting.id}/decide`, { approve: true, note: '' })).status, 200);
}
/* As it was, so that what comes after finds the role as it is shipped; by two where that is asked. */
async function putBack(page, role) {
  await enter(page, 'security');
  const alone = await api(page, 'PATCH', `/roles/${role.id}`, role.document);
  if (alone.status === 200) return;
  assert.equal(alone.body.code, 'needs_second');
  const change = { items: [{ kind: 'role', id: role.id, document: role.document }] };
  assert.equal((await api(page, 'POST', '/proposals', { kind: 'registry', reason: '恢复原样', change })).status, 201);
  await enter(page, 'security2');
  await approve(page, '恢复原样');
}

test('the boss sees all customers, 200 a day, and takes nothing out', () =>
  visit({}, async (page) => {
    await enter(page, 'boss');
    const all = (await api(page, 'GET', '/records/customer?count=true&limit=1')).body.count.value;
    assert.ok(all > 200, `${all} customers`);
    await openLimits(page, '老板');
    const boss = await roleOf(page, 'boss');
    try {
      for (const row of ['masked.personal', 'masked.sensitive', 'clear.personal', 'clear.sensitive']) {
        const day = page.locator(`[role=dialog] input[aria-label="${row} 每日"]`);
        await day.fill('200');
        await day.press('Tab');
      }
      const effect = page.locator('[data-test=role-effect]');
      await effect.locator('text=涉及 1 人').waitFor();
      assert.match(await effect.innerText(), /明文查看 · 个人信息 · 每日：1500 → 200[\s\S]*林远/);
      await page.click('[role=dialog] .primary');
      await page.locator('[role=dialog]').waitFor({ state: 'detached' });

      // That he sees all and that nothing leaves by export is the matrix' word.
      await openMatrix(page, 'boss');
      assert.equal((await cell(page, 'customer.list').innerText()).trim(), '全部');
      assert.equal((await cell(page, 'customer.export').innerText()).trim(), '—');

      await enter(page, 'boss');
      assert.equal((await api(page, 'GET', '/records/customer?count=true&limit=1')).body.count.value, all);
      const status = [];
      for (let n = 1; n <= 5 && status.at(-1) !== 429; n++)
        status.push((await api(page, 'GET', `/records/customer?limit=50&page=${n}`)).status);
      assert.equal(status.at(-1), 429, `after two hundred the day is over: ${status}`);
    } finally {
      await putBack(page, boss);
    }
  }));

test('sales managers sign in from the company network only, in office hours', () =>
  visit({}, async (page) => {
    await openLimits(page, '销售经理');
    const manager = await roleOf(page, 'sales_manager');
    try {
      await page.fill('#role-networks', '10.20.0.0/16');
      await page.locator('#role-networks').press('Tab');
      await page.locator('[role=dialog] label:has-text("只在以下时段") input').check();
      await page.locator('[role=dialog] .hour').nth(0).fill('9');
      await page.locator('[role=dialog] .hour').nth(1).fill('18');
      await page.locator('[role=dialog] .hour').nth(1).press('Tab');
      const effect = page.locator('[data-test=role-effect]');
      await effect.locator('text=涉及 3 人').waitFor();
      const said = await effect.innerText();
      assert.match(said, /不限 → 10\.20\.0\.0\/16/);
      assert.match(said, /不限 → 周一 周二 周三 周四 周五 9:00–18:00/);
      for (const name of ['何俊', '唐波', '梁杰']) assert.ok(said.includes(name), said);
      await page.click('[role=dialog] .primary');
      await page.fill('#role-reason', '只在公司内、上班时登录'); // who is let in from where takes two
      await page.click('[role=dialog] .primary');
      await page.locator('[role=dialog]').waitFor({ state: 'detached' });
      await enter(page, 'manager'); // nothing holds before a second one agrees
      await enter(page, 'security2');
      await approve(page, '只在公司内、上班时登录');
      await page.goto('/sign-in-rules');
      await page.locator('#tab-roles').click();
      const chips = page.locator('.roles li:has-text("销售经理")').first();
      await chips.locator('.chip:has-text("限时段")').waitFor();
      assert.equal(await chips.locator('.chip').count(), 2);
      // This machine is in no company network: the manager is out, his people work on.
      const signIn = (login) => page.request.post('/api/v1/session', { data: { login, password: people[login].password } });
      const refused = await signIn('manager');
      assert.equal(refused.status(), 403);
      assert.equal((await refused.json()).code, 'sign_in_place');
      assert.equal((await signIn('sales')).status(), 200);
    } finally {
      await putBack(page, manager);
    }
    await enter(page, 'manager');
  }));

test('sales two of Chengdu goes to Hangzhou: who gains what is shown before, and two agree', () =>
  visit({}, async (page) => {
    const seen = async () => (await api(page, 'GET', '/records/customer?count=true&limit=1')).body.count.value;
    const act = async (place, to) => {
      await enter(page, 'admin');
      await page.goto('/people?tab=organisation');
      await page.locator('.tree li').first().waitFor();
      const all = page.locator('.tree li');
      const names = await all.allInnerTexts();
      const at = names.findIndex((n, i) => n.startsWith('销售二部') && names.slice(0, i).findLast((b) => /分公司/.test(b)).startsWith(place));
      await all.nth(at).locator('button').last().click();
      await page.locator('#act-parent option').nth(3).waitFor({ state: 'attached' });
      const target = (await page.locator('#act-parent option').allInnerTexts()).find((o) => o.trim() === to);
      await page.selectOption('#act-parent', { label: target });
    };
    await enter(page, 'leader');
    const before = await seen();
    await act('成都分公司', '杭州分公司');
    await page.click('[role=dialog] footer .primary');
    const effect = page.locator('[role=dialog] .effect');
    await effect.waitFor();
    const text = await effect.innerText();
    assert.match(text, /客户 \d+/);
    const sides = await effect.locator('> div').allInnerTexts();
    assert.equal(sides.length, 2, text);
    assert.match(sides[0], /客户[\s\S]*徐海峰/);
    assert.match(sides[1], /客户[\s\S]*罗强/);
    await page.click('[role=dialog] footer .primary'); // the keeper says that it takes two
    const reason = `划归杭州 ${Date.now()}`;
    await page.fill('#act-reason', reason);
    await page.click('[role=dialog] footer .primary');
    await page.locator('[role=dialog]').waitFor({ state: 'detached' });
    await enter(page, 'leader');
    assert.equal(await seen(), before, 'a proposal alone moves nothing');
    await enter(page, 'security');
    await page.goto('/people?tab=proposals');
    await page.locator(`li:has-text("${reason}") .primary`).click();
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await enter(page, 'leader');
    assert.ok((await seen()) > before, 'its records are Hangzhou\'s now');

    // And back, by the same two.
    await enter(page, 'admin');
    const change = { items: [{ kind: 'department', id: 22, document: { parent: 20, branch: 20 } }] };
    const back = await api(page, 'POST', '/proposals', { kind: 'registry', reason: '划回成都', change });
    assert.equal(back.status, 201, JSON.stringify(back.body));
    await enter(page, 'security');
    assert.equal((await api(page, 'POST', `/proposals/${back.body.id}/decide`, { approve: true })).status, 200);
    await enter(page, 'leader');
    assert.equal(await seen(), before);
  }));

test('a new role for channel operations: sees all, exports nothing, from a ready pack', () =>
  visit({}, async (page) => {
    const name = `ops_${Date.now()}`;
    await enter(page, 'security');
    await page.goto('/policies');
    await page.click('#tab-packs');
    await page.locator('[data-pack=operations]').click();
    const words = page.locator('.words dl');
    await words.locator('dd').nth(8).waitFor();
    const said = Object.fromEntries((await words.innerText()).split('\n').map((l, i, all) => [l.trim(), (all[i + 1] ?? '').trim()]));
    assert.match(said['打开'], /^全部：/);
    assert.equal(said['导出'], '不能');
    assert.equal(said['查看明文'], '不能');
    assert.equal(said['个人信息'], '脱敏（全部）');
    await page.locator('.words .primary').click();
    await page.fill('#pack-zh', '渠道运营');
    await page.fill('#pack-name', name);
    await page.locator('.kd-modal footer .primary').click();
    await page.waitForSelector('[data-test=verdict].warn'); // it widens, so another one agrees; nobody has it yet
    assert.equal(await page.locator('[data-test=effect]').count(), 0);
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await enter(page, 'security2');
    await page.goto('/policies');
    await page.click('#tab-proposals');
    const waiting = page.locator('.version:has-text("渠道运营")').first();
    await waiting.locator('.primary').click();
    await waiting.waitFor({ state: 'detached' });
    await page.click('#tab-matrix');
    await page.locator(`#policy-role option[value=${name}]`).waitFor({ state: 'attached' });
    await page.selectOption('#policy-role', name);
    await settled(page);
    assert.equal((await cell(page, 'customer.list').innerText()).trim(), '全部');
    assert.ok(['—', '禁止'].includes((await cell(page, 'customer.export').innerText()).trim()));
  }));

test('a review takes a right away and the report says so', () =>
  visit({}, async (page) => {
    // Somebody of the manager's department has a role too many.
    await enter(page, 'manager');
    const me = (await api(page, 'GET', '/me')).body;
    await enter(page, 'admin');
    const name = `review${Date.now()}`;
    const made = await api(page, 'POST', '/people', { login: name, name: '多岗人员', department: me.department.id });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await enter(page, 'security');
    assert.equal((await api(page, 'PATCH', `/people/${made.body.id}`, { roles: ['finance'] })).status, 200);
    await page.goto('/reviews');
    await page.click('.page-head .primary');
    await page.fill('#review-title', `岗位复核 ${name}`);
    await page.selectOption('#review-role', 'finance');
    await page.selectOption('#review-heads', { index: 1 });
    await page.selectOption('#review-named', { label: me.name });
    await page.locator('.kd-modal footer .primary').click();
    await page.waitForURL(/\/reviews\/\d+$/);
    const address = new URL(page.url()).pathname;

    await enter(page, 'manager');
    await page.goto('/');
    await page.locator('.note:has-text("等你复核")').waitFor();
    await page.goto(address);
    const line = page.locator('.person:has-text("多岗人员") li');
    await line.locator('button:has-text("收回")').click();
    await page.fill('#review-reason', '不再做财务');
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await page.locator('.person').first().waitFor();
    await page.locator('.picks input[type=checkbox]').check();
    await page.locator('.picks button:has-text("保留")').click();
    await page.fill('#review-reason', '在岗使用');
    await page.locator('.kd-modal footer .primary').click();
    await done(page);
    await page.locator('.person').first().waitFor({ state: 'detached' });

    await enter(page, 'security');
    await page.goto(address);
    await page.locator('button:has-text("执行 1 项")').click();
    await page.locator('.person:has-text("多岗人员") .chip:has-text("已收回")').waitFor();
    await page.locator('.tools button:has-text("签署")').click();
    await page.fill('#review-note', '本季度完成');
    await page.locator('.kd-modal footer .primary').click();
    await page.locator('.note:has-text("本季度完成")').waitFor();
    assert.deepEqual((await api(page, 'GET', `/people/${made.body.id}`)).body.document.roles, []);

    await enter(page, 'auditor');
    await page.goto(address);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("JSON")')]);
    const report = JSON.parse(readFileSync(await file.path(), 'utf8'));
    const went = report.lines.find((l) => l.user === made.body.id);
    assert.deepEqual([went.answer, went.reason, went.held], ['take_away', '不再做财务', false]);
    assert.equal(report.report.review.state, 'signed');
  }));

/* Tasks in the words of those who have them, done as they would: by clicking, without a line of Cedar. */
import assert from 'node:assert/strict';
import { api, enter, settled, test, visit } from './browser.mjs';

const cell = (page, name) => page.locator(`[data-cell="${name}"]`);
const done = (page) => page.locator('.kd-modal').waitFor({ state: 'detached' });

async function openMatrix(page, role) {
  await enter(page, 'security');
  await page.goto('/policies');
  await page.waitForSelector('[data-cell="customer.list"]');
  await page.selectOption('#policy-role', role);
  await settled(page);
}

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
    assert.match(effects[0], /二次验证|第二因素|双因素/);
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
    await page.click('#tab-versions');
    await page.locator('.version').nth(1).locator('button:has-text("回退到此版")').click();
    await page.waitForSelector('[data-test=verdict].warn');
    await page.locator('.kd-modal footer .primary').click();
    await done(page);

    await enter(page, 'security2');
    await page.goto('/policies');
    await page.click('#tab-proposals');
    const waiting = page.locator('.version').first();
    await waiting.locator('.primary').click();
    await waiting.waitFor({ state: 'detached' });
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

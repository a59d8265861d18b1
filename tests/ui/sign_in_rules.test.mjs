// Rules for sign-ins and passwords, limits of roles, others' devices: in the browser, as an administrator meets them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { api, enter, settled, shot, test, visit } from './browser.mjs';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
async function accessible(page, name) {
  await settled(page);
  await page.evaluate(source); // the policy refuses inline scripts, so the tool comes through the debugger
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'], preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')}`);
  });
  await shot(page, name);
  assert.deepEqual(found, [], name);
}

test('the security administrator changes what is asked of passwords, and what a role may at most', () =>
  visit({}, async (page) => {
    await enter(page, 'security');
    await page.goto('/sign-in-rules');
    await page.fill('#words', '华星 huaxing');
    await accessible(page, 'sign-in-rules');
    await page.click('form .primary');
    await page.locator('.toast:has-text("已保存")').first().waitFor();
    await settled(page); // what was saved is read again before the next change is typed
    const state = (await api(page, 'GET', '/sign-in')).body;
    assert.deepEqual(state.company.sign_in.passwords, { profile: 'modern', least: 12, words: ['华星', 'huaxing'] });
    await page.fill('#company-networks', '10.9.0.0/16'); // where he is not himself
    await page.click('form .primary');
    await page.locator('form [role=alert]:has-text("您自己")').waitFor();
    await page.fill('#company-networks', '127.0.0.0/8\n::1/128');
    await page.press('#company-networks', 'Tab');
    await page.click('form .primary');
    await page.fill('#rules-reason', '只在公司内登录');
    await accessible(page, 'sign-in-rules-two');
    await page.click('form .primary');
    await page.locator('.toast:has-text("审批")').first().waitFor();
    const waiting = (await api(page, 'GET', '/proposals')).body.items.find((p) => p.reason === '只在公司内登录' && p.state === 'open');
    assert.equal((await api(page, 'GET', '/sign-in')).body.company.sign_in.networks, undefined, 'not before it is approved');
    await page.goto('/people?tab=proposals');
    await page.locator('.list li:has-text("只在公司内登录") dd:has-text("不限 → 127.0.0.0/8")').waitFor();
    await shot(page, 'sign-in-rules-proposal');
    await api(page, 'POST', `/proposals/${waiting.id}/decide`, { approve: false, note: '' });
    await page.goto('/sign-in-rules');
    await page.locator('#tab-roles').click();
    await accessible(page, 'sign-in-roles');
    await page.locator('.roles li:has-text("客服") .btn').click();
    const day = page.locator('[role=dialog] tbody tr').first().locator('input').last();
    const before = await day.inputValue();
    await day.fill(String(Number(before) + 1));
    await day.press('Tab');
    await accessible(page, 'role-limits');
    await page.click('[role=dialog] .primary');
    await page.locator('[role=dialog]').waitFor({ state: 'detached' });
    const roles = (await api(page, 'GET', '/roles')).body.items;
    const budget = roles.find((r) => r.name === 'service').document.budget;
    assert.equal(budget.masked.personal.day, Number(before) + 1);
    assert.ok(budget.clear.personal.day > 0);
  }));

test("another's devices are seen and signed out, and a lost second factor takes two", () =>
  visit({}, async (page) => {
    await enter(page, 'admin');
    const login = `device${Date.now()}${Math.floor(Math.random() * 1000)}`;
    const made = await api(page, 'POST', '/people', { login, name: '钱设备', department: 1 });
    await enter(page, 'security');
    await page.goto(`/people/${made.body.id}`);
    await page.locator('[data-part=security]').waitFor();
    await accessible(page, 'person-security');
    await page.click('[data-part=security] .btn:has-text("重置两步验证")');
    await page.fill('#reset-reason', '手机遗失');
    await page.click('[role=dialog] .primary');
    await enter(page, 'admin');
    await page.goto('/people?tab=proposals');
    await page.locator('.list li:has-text("手机遗失") .primary').first().click();
    await page.click('[role=dialog] .primary');
    const list = (await api(page, 'GET', '/proposals')).body.items;
    const mine = list.find((p) => p.kind === 'factor' && p.user === made.body.id);
    assert.equal(mine.state, 'approved');
  }));

test('the meter says what is wrong with a password before it is sent', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await page.goto('/password');
    for (const [typed, said] of [['short', '太短'], ['password2024!', '容易被猜到'], ['tumble-orchid-46-vex', '很好']]) {
      await page.fill('#fresh', typed);
      await page.locator(`#fresh-help:has-text("${said}")`).waitFor();
    }
    await accessible(page, 'password-meter');
  }));

test('everybody is signed out only after a warning that says what is lost', () =>
  visit({}, async (page) => {
    await enter(page, 'security');
    await page.goto('/sign-in-rules');
    let asked = 0;
    await page.route('**/sessions/end-everybody', (route) => { // others work on this server: api/factors.test.mjs does it in earnest
      asked++;
      return route.fulfill({ status: 200, contentType: 'application/json', body: '{"ended":12}' });
    });
    await page.click('[data-part=everybody] .btn');
    await page.locator('[role=alertdialog]:has-text("未保存的输入会丢失")').waitFor();
    await accessible(page, 'sign-out-everybody');
    assert.equal(asked, 0);
    await page.click('[role=alertdialog] .primary');
    await page.locator('.toast:has-text("已退出 12 个会话")').first().waitFor();
    assert.equal(asked, 1);
  }));

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

const login = (start) => `${start}${Date.now()}${Math.floor(Math.random() * 1000)}`;

test('Wang leaves today: found, looked at, gone, in five clicks', () =>
  visit({}, async (page) => {
    await enter(page, 'admin');
    const name = login('wang');
    const made = await api(page, 'POST', '/people', { login: name, name: '王今离', department: 1 });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await page.goto('/people');
    await page.fill('input[type=search]', name);
    await page.locator(`.list a:has-text("${name}")`).click();
    await page.click('.page-head .btn.danger');
    const dialog = page.locator('[role=alertdialog]');
    await dialog.locator('.preview').waitFor();
    await accessible(page, 'leaving');
    await dialog.locator('.btn.danger').click();
    await page.locator('.page-head .chip:has-text("已离职")').waitFor();
    const now = (await api(page, 'GET', `/people/${made.body.id}`)).body;
    assert.equal(now.document.disabled, true);
  }));

test('a one-time password comes in two halves to two people', () =>
  visit({}, async (page) => {
    await enter(page, 'admin');
    const name = login('zhao');
    const made = await api(page, 'POST', '/people', { login: name, name: '赵新来', department: 1 });
    await page.goto(`/people/${made.body.id}`);
    await page.click('.page-head .btn:has-text("重置密码")');
    await page.fill('#password-reason', `入职 ${name}`);
    await page.click('[role=dialog] .primary');
    const first = (await page.innerText('.note .half')).trim();
    await enter(page, 'security');
    await page.goto('/people?tab=proposals');
    await page.locator(`.list li:has-text("${name}") .primary`).click();
    await page.click('[role=dialog] .primary');
    const second = (await page.innerText('.note .half')).trim();
    assert.match(first, /^[a-z2-9]{5}-[a-z2-9]{5}$/);
    assert.match(second, /^[a-z2-9]{5}-[a-z2-9]{5}$/);
    const signed = await api(page, 'POST', '/session', { login: name, password: `${first}-${second}` });
    assert.equal(signed.status, 200);
    assert.equal(signed.body.me.must_change_password, true);
  }));

for (const look of [{}, { language: 'en', theme: 'dark' }, { phone: true }])
  test(`the pages of people are accessible ${JSON.stringify(look)}`, () =>
    visit(look, async (page) => {
      const tag = look.phone ? 'phone' : look.theme ? 'dark' : 'wide';
      await enter(page, 'admin');
      await page.goto('/people');
      await page.locator('.list a').first().waitFor();
      await accessible(page, `people-${tag}`);
      await page.locator('.list a').nth(5).click();
      await page.locator('.columns').waitFor();
      await accessible(page, `person-${tag}`);
      await page.goto('/people?tab=organisation');
      await page.locator('.tree li').first().waitFor();
      await accessible(page, `organisation-${tag}`);
      await enter(page, 'manager');
      await page.goto('/access');
      await page.locator('#ask-role option').nth(1).waitFor({ state: 'attached' });
      await accessible(page, `access-${tag}`);
    }));

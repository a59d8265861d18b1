// Rights of executives: named in the register, asked for in place, decided by a second person.
import assert from 'node:assert/strict';
import { api, enter, settled, shot, test, violations, visit } from './browser.mjs';
import { register } from './register.mjs';

const FORM = 'fieldset[data-act=rights]';
async function idOf(page, login) {
  await enter(page, login);
  return (await api(page, 'GET', '/me')).body.user;
}
const rolesOf = async (page, id) => (await api(page, 'GET', `/people/${id}`)).body.document.roles;
async function tick(page, id, role) {
  await page.goto(`/people/${id}`);
  await page.click('.page-head button:has-text("编辑"), .page-head button:has-text("修改")');
  await page.locator(`#person-form input[type=checkbox][value=${role}]`).click();
  await page.click('.kd-modal footer .primary');
}

test('executives are named in the register; a change of their rights is asked a reason in place', () =>
  visit({}, async (page) => {
    await register(page, {});
    const boss = await idOf(page, 'boss');
    await enter(page, 'security');
    const before = await rolesOf(page, boss);
    await page.goto('/high-risk');
    await page.click('.page-head .primary');
    await page.locator(`${FORM} input[value=boss]`).check();
    await page.waitForSelector(`${FORM} .note`); // nothing is asked yet
    await page.locator(`${FORM} [data-reason]`).check();
    await page.waitForSelector('[data-test=register-effect] li .chip.green');
    await settled(page);
    assert.deepEqual(await violations(page, '.kd-modal'), []);
    await page.locator(FORM).scrollIntoViewIfNeeded();
    await shot(page, 'executives-form');
    await page.click('.kd-modal footer .primary');
    await page.waitForSelector('li[data-act=rights] .chip.amber');
    await settled(page);
    await shot(page, 'executives');

    await tick(page, boss, 'finance');
    await page.waitForSelector('#deed-reason');
    assert.match(await page.innerText('.kd-modal .asked'), /高管权限/);
    await page.fill('#deed-reason', '董事会决议调整');
    await settled(page);
    await shot(page, 'executives-reason');
    await page.click('.kd-modal:has(#deed-reason) [type=submit]');
    await page.locator('.kd-modal').first().waitFor({ state: 'detached' });
    assert.deepEqual(await rolesOf(page, boss), [...before, 'finance']);

    await register(page, { rights: { roles: ['boss'], approval: true } });
    await enter(page, 'security');
    await tick(page, boss, 'finance');
    const why = `收回岗位 ${Date.now()}`;
    await page.fill('#person-reason', why);
    await settled(page);
    await shot(page, 'executives-second');
    await page.click('.kd-modal footer .primary');
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
    assert.deepEqual(await rolesOf(page, boss), [...before, 'finance'], 'not alone');

    await enter(page, 'security2'); // of the same duty: not his to decide
    const asked = (await api(page, 'GET', '/proposals')).body.items.find((one) => one.reason === why);
    assert.equal(asked.may_decide, false);
    await enter(page, 'admin');
    await page.goto('/people?tab=proposals');
    await page.locator('li.card', { hasText: why }).locator('.primary').click();
    await page.click('.kd-modal footer .primary');
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
    assert.deepEqual(await rolesOf(page, boss), before);
    await register(page, {});
  }));

test('on a phone, in English: what asks less is said, and a loan of such a role becomes a request', () =>
  visit({ language: 'en', phone: true }, async (page) => {
    await register(page, { rights: { roles: ['boss', 'head_office'], reason: true, second_factor_minutes: 15 } });
    await enter(page, 'security');
    await page.goto('/high-risk');
    await page.waitForSelector('li[data-act=rights] .chip.amber');
    await settled(page);
    await shot(page, 'executives-list-en');
    await page.click('.page-head .primary');
    await page.locator(`${FORM} input[value=head_office]`).uncheck();
    await page.waitForSelector('[data-test=register-effect] li .chip.red');
    await page.locator(FORM).scrollIntoViewIfNeeded();
    await settled(page);
    assert.deepEqual(await violations(page, '.kd-modal'), []);
    await shot(page, 'executives-form-en');

    await register(page, { rights: { roles: ['boss', 'head_office'], approval: true } });
    const head = await idOf(page, 'head');
    await enter(page, 'boss');
    await page.goto('/access');
    await page.waitForSelector('#lend-to');
    await page.selectOption('#lend-to', String(head));
    const why = `On leave ${Date.now()}`;
    await page.fill('#lend-reason', why);
    await page.click('form:has(#lend-to) [type=submit]');
    await page.locator('li.card', { hasText: why }).waitFor();
    await settled(page);
    await shot(page, 'executives-loan-en');
    const mine = (await api(page, 'GET', '/proposals')).body.items.find((one) => one.reason === why);
    assert.deepEqual([mine.kind, mine.change.loan, mine.change.roles], ['grant', true, ['boss']]);
    assert.equal((await api(page, 'POST', `/proposals/${mine.id}/decide`, { approve: false })).status, 200);
    await register(page, {});
  }));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFirst, openList, openPage, signIn, visit } from './browser.mjs';

const reason = `核对来电身份 ${Date.now()}`;

async function reveal(page, why) {
  await page.click('.facts .reveal >> nth=0');
  await page.fill('#reveal-reason', why);
  await page.click('.kd-modal .primary');
}

test('a masked value is shown for a reason, hides again, and is found in the audit explorer', () =>
  visit({}, async (page, { browser }) => {
    await signIn(page, 'service');
    await openList(page);
    await openFirst(page, 1);
    const id = page.url().split('/').at(-1);
    await page.click('.facts .reveal >> nth=0');
    assert.equal(await page.isDisabled('.kd-modal .primary'), true, 'not without a reason');
    await page.keyboard.press('Escape');
    await reveal(page, reason);
    await page.waitForSelector('.shown');
    assert.doesNotMatch(await page.innerText('.shown'), /\*/);
    await page.click('.live .linkish');
    await page.waitForSelector('.shown', { state: 'detached' });

    const auditor = await openPage(browser);
    await signIn(auditor.page, 'auditor');
    await auditor.page.goto(`/audit?record=${id}`);
    await auditor.page.selectOption('.filters label:has-text("操作") select', 'reveal');
    let found = false;
    for (let n = 0; n < 10 && !found; n++) {
      await auditor.page.waitForTimeout(700);
      found = (await auditor.page.locator('tbody tr').count()) > 0;
      if (!found) await auditor.page.click('.page-head .icon');
    }
    assert.ok(found, 'the reveal is in the audit explorer');
    await auditor.page.click('tbody tr >> nth=0');
    await auditor.page.click('.kd-modal button:has-text("查看说明")');
    await auditor.page.waitForSelector('.reason');
    assert.match(await auditor.page.innerText('.reason'), new RegExp(reason));
    assert.deepEqual(auditor.notes, []);
  }));

test('a revealed value does not outlive the page', () =>
  visit({}, async (page) => {
    await signIn(page, 'service');
    await openList(page);
    await openFirst(page, 2);
    await reveal(page, '核对来电身份');
    await page.waitForSelector('.shown');
    const value = (await page.innerText('.shown')).split('\n')[0].trim();
    await page.goBack();
    await page.goForward();
    await page.waitForSelector('.fact-card dl.facts');
    assert.equal(await page.locator('.shown').count(), 0);
    assert.ok(
      !(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes(value),
    );
  }));

test('whoever runs out of budget is refused in plain words', () =>
  visit({}, async (page) => {
    await signIn(page, 'service');
    await openList(page);
    const ids = await page.$$eval('tbody tr[data-id]', (all) => all.map((tr) => tr.dataset.id));
    let refused = '';
    for (const id of ids) {
      await page.goto(`/o/customer/${id}`);
      await page.waitForSelector('.fact-card dl.facts');
      if (!(await page.locator('.facts .reveal').count())) continue;
      await reveal(page, '核对来电身份');
      await page.waitForSelector('.shown, .kd-modal .note.bad');
      if (await page.locator('.kd-modal .note.bad').count()) {
        refused = await page.innerText('.kd-modal .note.bad');
        break;
      }
    }
    assert.match(refused, /额度已用完/);
  }));

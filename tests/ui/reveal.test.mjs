import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, openFirst, openList, openPage, signIn, visit } from './browser.mjs';

const reason = `核对来电身份 ${Date.now()}`;

async function reveal(page, why) {
  await page.click('.facts .reveal >> nth=0');
  await page.fill('#reveal-reason', why);
  await page.click('.kd-modal .primary');
}

test('a masked value is shown for a reason, hides again, and is found in the audit explorer', () =>
  visit({}, async (page, { browser }) => {
    await signIn(page, 'service');
    const { items } = (await api(page, 'POST', '/records/customer/query', { limit: 100, fields: ['mobile'] })).body;
    const { id } = items.find((item) => item.mobile); // the newest may have nothing to reveal
    await page.goto(`/o/customer/${id}`);
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
    // The budget counts distinct people: use it up on others, then try the next one by hand.
    const { body: me } = await api(page, 'GET', '/me');
    const limit = me.budgets.clear.personal.minute.limit;
    const ids = [];
    for (let n = 1; ids.length < limit + 20 && n < 6; n++) {
      const { body } = await api(page, 'POST', '/records/customer/query', {
        limit: 200,
        page: n,
        fields: ['mobile'],
      });
      ids.push(...body.items.filter((r) => r._views?.mobile === 'masked').map((r) => r.id));
    }
    let next = '';
    for (const id of ids) {
      const body = { fields: ['mobile'], reason: '核对来电身份' };
      const { status } = await api(page, 'POST', `/records/customer/${id}/reveal`, body);
      if (status !== 429) continue;
      next = id;
      break;
    }
    assert.ok(next, `no refusal within ${ids.length} people`);
    await page.goto(`/o/customer/${next}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.facts .reveal >> nth=0');
    await page.fill('#reveal-reason', '核对来电身份');
    await page.click('.kd-modal .primary');
    await page.waitForSelector('.kd-modal .note.bad');
    const refused = await page.innerText('.kd-modal .note.bad');
    assert.match(refused, /额度已用完/);
  }));

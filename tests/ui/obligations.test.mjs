/* What a policy obliges to, set in the matrix without a line of Cedar: an approval before a deletion, a watermark over a record. */
import assert from 'node:assert/strict';
import { api, enter, settled, shot, test, violations, visit } from './browser.mjs';
import { cell, done, openMatrix, rollBack } from './matrix.mjs';
import { register } from './register.mjs';

/* Ticks a box of all that a role has in a cell, and publishes it at once. */
async function oblige(page, role, name, label) {
  await openMatrix(page, role);
  await cell(page, name).click();
  await page.locator('.kd-modal .grant').first().waitFor();
  for (const box of await page.locator(`.kd-modal .grant label:has-text("${label}") input`).all()) await box.check();
  await settled(page);
  assert.deepEqual(await violations(page, '.kd-modal'), []);
  await shot(page, `oblige-${name}`);
  await page.locator('.kd-modal footer .primary').click();
  await settled(page);
  await page.locator('.matrix-bar .primary').click();
  await page.waitForSelector('[data-test=verdict].good');
  await page.fill('#policy-note', `${role} ${label}`);
  await page.locator('.kd-modal footer .primary').click();
  await done(page);
}

async function takeBack(page) {
  await enter(page, 'security');
  await page.goto('/policies');
  await rollBack(page);
}

test('a head of sales deletes a customer only once another has approved, because a policy says so', () =>
  visit({}, async (page) => {
    await register(page, {}); // the register asks for nothing: what is asked here is the policy's
    await oblige(page, 'sales_manager', 'customer.delete', '须先经审批');
    assert.match(await cell(page, 'customer.delete').innerText(), /审批/);
    await enter(page, 'manager');
    const { id } = (await api(page, 'POST', '/records/customer', { name: `义务试删${Date.now()}有限公司`, customer_type: 'company', status: 'prospective' })).body;
    await page.goto(`/o/customer/${id}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.head button:has-text("删除")');
    await page.click('[role=alertdialog] .primary');
    const why = `按策略审批 ${Date.now()}`;
    await page.fill('#approval-reason', why);
    await page.click('.kd-modal:has(#approval-reason) [type=submit]');
    await page.locator('.kd-modal:has(#approval-reason)').waitFor({ state: 'detached' });
    for (const role of ['leader', 'head', 'boss', 'security']) {
      await enter(page, role);
      const one = (await api(page, 'GET', '/proposals?to_decide=true')).body.items.find((p) => p.reason === why);
      if (!one) continue;
      assert.equal((await api(page, 'POST', `/proposals/${one.id}/decide`, { approve: true, note: '已核实' })).status, 200);
      break;
    }
    await enter(page, 'manager');
    await page.goto(`/o/customer/${id}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.head button:has-text("删除")');
    await page.click('[role=alertdialog] .primary');
    await page.waitForSelector('.toast .act:has-text("撤销")');
    await takeBack(page);
  }));

test('what a role may look at under a watermark only bears name, login and time plainly over the page', () =>
  visit({}, async (page) => {
    await enter(page, 'manager');
    await page.goto('/o/customer');
    await page.waitForSelector('tbody tr[data-id]');
    await settled(page);
    assert.equal(await page.locator('.watermark.asked').count(), 0, 'lightly, where nothing asks for more');
    await oblige(page, 'sales_manager', 'customer.list', '显示时加水印');
    await enter(page, 'manager');
    await page.goto('/o/customer');
    await page.waitForSelector('tbody tr[data-id]');
    await page.waitForSelector('.watermark.asked', { state: 'attached' });
    await settled(page);
    await shot(page, 'watermark');
    await takeBack(page);
  }));

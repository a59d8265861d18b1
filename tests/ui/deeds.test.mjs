// What an act still asks of the person is asked for in place, and the very request goes out again.
import assert from 'node:assert/strict';
import { api, enter, settled, shot, test, violations, visit } from './browser.mjs';

/* Refuses the first write to a record as a policy would that asks for `required`; hands on what comes after it. */
async function refuseOnce(page, required) {
  const sent = [];
  await page.route('**/api/v1/records/customer/*', async (route) => {
    const asked = route.request();
    if (asked.method() === 'GET') return route.continue();
    sent.push({ headers: await asked.allHeaders(), body: asked.postData() });
    if (sent.length > 1) return route.continue();
    const body = { code: 'reason_required', title: 'A reason is asked', status: 403, required };
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(body) });
  });
  return sent;
}

for (const look of [{}, { language: 'en', theme: 'dark', phone: true }])
  test(`a reason that an act asks for is given in place, and nothing typed is lost (${look.language ?? 'zh'})`, () =>
    visit(look, async (page) => {
      await enter(page, 'sales');
      const fields = { name: `就地说明${Date.now()}有限公司`, customer_type: 'company', status: 'prospective' };
      const made = await api(page, 'POST', '/records/customer', fields);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const sent = await refuseOnce(page, { act: 'update', reason: true, second_factor_minutes: null, count: 21, above: 20 });
      await page.goto(`/o/customer/${made.body.id}/edit`);
      await page.fill('#f-name', `${fields.name}甲`);
      await page.click('.record-form button[type=submit]');
      await page.waitForSelector('#deed-reason');
      assert.match(await page.innerText('.kd-modal .asked'), /21.*20/);
      assert.ok(await page.isDisabled('[data-ask=reason] [type=submit]'), 'not without a reason');
      await page.fill('#deed-reason', '客户来函更名');
      await settled(page);
      assert.deepEqual(await violations(page, '.kd-modal'), []);
      await shot(page, `deed-reason-${look.language ?? 'zh'}`);
      await page.click('[data-ask=reason] [type=submit]');
      await page.waitForSelector('.fact-card dl.facts');
      assert.equal(sent.length, 2);
      assert.equal(sent[1].body, sent[0].body);
      assert.equal(sent[1].headers['idempotency-key'], sent[0].headers['idempotency-key']);
      assert.equal(decodeURIComponent(sent[1].headers['x-reason']), '客户来函更名');
      assert.match(await page.innerText('h1'), /甲$/);
    }));

const making = (page) => api(page, 'POST', '/records/customer', {
  name: `登记试删${Date.now()}有限公司`,
  customer_type: 'company',
  status: 'prospective',
});
const registered = async (page) => (await api(page, 'GET', '/sign-in')).body.company?.high_risk?.delete;

test('the register asks a reason of every deletion from now on, and a second person agrees to its end', () =>
  visit({}, async (page) => {
    await enter(page, 'security');
    await page.goto('/high-risk');
    await page.click('.page-head .primary');
    const row = page.locator('fieldset[data-act=delete]');
    await row.locator('#above-delete').fill('0');
    await row.locator('input[type=checkbox]').first().check();
    await page.waitForSelector('[data-test=register-effect] li .chip.green');
    await settled(page);
    await shot(page, 'high-risk-form');
    await page.click('.kd-modal footer .primary');
    await page.waitForSelector('li[data-act=delete] .chip.amber');
    await settled(page);
    await shot(page, 'high-risk');
    assert.deepEqual(await registered(page), { above: 0, reason: true });

    await enter(page, 'manager');
    const { id } = (await making(page)).body;
    await page.goto(`/o/customer/${id}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.head button:has-text("删除")');
    await page.click('[role=alertdialog] .primary');
    await page.fill('#deed-reason', '客户要求删除');
    await page.click('[data-ask=reason] [type=submit]');
    await page.waitForSelector('.toast .act:has-text("撤销")');
    await page.goto('/o/customer/bin');
    await page.waitForSelector(`tr[data-id="${id}"]`);

    await enter(page, 'security');
    await page.goto('/high-risk');
    await page.click('.page-head .primary');
    await row.locator('input[type=checkbox]').first().uncheck();
    await page.waitForSelector('[data-test=register-effect] li .chip.red');
    const why = `删除不再要求理由 ${Date.now()}`;
    await page.fill('#register-reason', why);
    await page.click('.kd-modal footer .primary');
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
    assert.deepEqual(await registered(page), { above: 0, reason: true }, 'alone he loosens nothing');
    await enter(page, 'security2');
    const asked = (await api(page, 'GET', '/proposals')).body.items.find((one) => one.reason === why);
    assert.equal((await api(page, 'POST', `/proposals/${asked.id}/decide`, { approve: true })).status, 200);
    assert.equal(await registered(page), undefined);
  }));

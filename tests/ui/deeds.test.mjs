// What an act still asks of the person is asked for in place, and the very request goes out again.
import assert from 'node:assert/strict';
import { otp } from '../api/otp.mjs';
import { api, enter, openList, search, settled, shot, test, violations, visit } from './browser.mjs';
import { people } from './people.mjs';
import { register } from './register.mjs';

/* The dialog that asks, also above another one. */
const GO_ON = '.kd-modal:has(#deed-reason) [type=submit]';
async function give(page, reason) {
  await page.fill('#deed-reason', reason);
  await page.click(GO_ON);
}

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

test('a reason that an act asks for is given in place, and nothing typed is lost', () =>
  visit({ language: 'en', theme: 'dark', phone: true }, async (page) => {
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
    assert.ok(await page.isDisabled(GO_ON), 'not without a reason');
    await page.fill('#deed-reason', '客户来函更名');
    await settled(page);
    assert.deepEqual(await violations(page, '.kd-modal'), []);
    await shot(page, 'deed-reason-en');
    await page.click(GO_ON);
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
    await page.click(GO_ON);
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

async function bulkDelete(page, name) {
  await openList(page);
  await search(page, name);
  await page.click('thead input[type=checkbox]');
  await page.click('.bulk .danger');
  await page.click('[role=alertdialog] .primary, .kd-modal footer .primary');
  await give(page, '客户要求整批删除');
  await page.waitForSelector(`tbody:not(:has-text("${name}")), .state`);
}
async function importRows(page, name) {
  const buffer = Buffer.from(`\ufeff单位名称,客户类型,状态\r\n${name}丙有限公司,company,prospective\r\n`);
  await page.goto('/imports/new?object=customer');
  await page.setInputFiles('input[type=file]', { name: 'one.csv', mimeType: 'text/csv', buffer });
  await page.click('footer .primary');
  await page.waitForSelector('.rows tbody tr');
  await page.click('footer .primary');
  await give(page, '新签客户批量录入');
  await page.waitForSelector('.counts .good dd:has-text("1")');
}

/* Somebody who leaves with one customer, which his leader is to hand on. */
async function leaving(page, name) {
  await enter(page, 'manager');
  const { user } = (await api(page, 'GET', '/me')).body;
  const { users } = (await api(page, 'GET', '/directory')).body;
  const { department } = users.find((one) => Number(one.id) === user);
  await enter(page, 'admin');
  const made = await api(page, 'POST', '/people', { login: `go${Date.now()}`, name, department });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await enter(page, 'manager');
  const held = (await making(page)).body;
  const given = await api(page, 'PATCH', `/records/customer/${held.id}`, { owner: made.body.id }, { 'If-Match': `"${held._version}"` });
  assert.equal(given.status, 200, JSON.stringify(given.body));
  await enter(page, 'admin');
  assert.equal((await api(page, 'POST', `/people/${made.body.id}/leave`, { to: user, note: '' })).status, 204);
}
async function handOver(page, name) {
  await page.goto('/access');
  const card = page.locator('.card', { hasText: name });
  await card.locator('[type=submit]').click();
  await give(page, '离职交接给组长');
  await card.locator('.runs .chip.green').waitFor();
}

test('bulk, import and handover ask for their reason in place and go on', () =>
  visit({}, async (page) => {
    const name = `整批${Date.now()}`;
    await leaving(page, name);
    const each = { above: 0, reason: true };
    await register(page, { delete: each, import: each, transfer: each });
    await enter(page, 'manager');
    await handOver(page, name);
    for (const end of ['甲', '乙']) {
      const fields = { name: `${name}${end}有限公司`, customer_type: 'company', status: 'prospective' };
      assert.equal((await api(page, 'POST', '/records/customer', fields)).status, 201);
    }
    await bulkDelete(page, name);
    await enter(page, 'steward');
    await importRows(page, name);
    await register(page, {});
  }));

test('the second factor is asked after the reason, and the act goes on with both', () =>
  visit({}, async (page) => {
    await register(page, { delete: { above: 0, reason: true, second_factor_minutes: 15 } });
    await enter(page, 'manager'); // before he has a factor
    const { id } = (await making(page)).body;
    const { password } = people.manager;
    let secret;
    await visit({}, async (other) => {
      await enter(other, 'manager');
      secret = (await api(other, 'POST', '/me/factors/totp', { password })).body.secret;
      assert.equal((await api(other, 'POST', '/me/factors/totp/confirm', { code: otp(secret) })).status, 200);
    });
    await page.goto(`/o/customer/${id}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.head button:has-text("删除")');
    await page.click('[role=alertdialog] .primary');
    await give(page, '客户要求删除');
    await page.fill('#factor-code', otp(secret, 1));
    await settled(page);
    await shot(page, 'deed-factor');
    await page.click('.kd-modal:has(#factor-code) [type=submit]');
    await page.waitForSelector('.toast .act:has-text("撤销")');
    const { status } = await page.evaluate(async () => {
      const { csrf } = await (await fetch('/api/v1/me')).json();
      return fetch('/api/v1/me/factors/totp', { method: 'DELETE', headers: { 'X-CSRF-Token': csrf, 'Idempotency-Key': crypto.randomUUID() } }).then((a) => ({ status: a.status }));
    });
    assert.equal(status, 204);
    await register(page, {});
  }));

async function remove(page, id) {
  await page.goto(`/o/customer/${id}`);
  await page.waitForSelector('.fact-card dl.facts');
  await page.click('.head button:has-text("删除")');
  await page.click('[role=alertdialog] .primary');
}
/* Who of the demo company has this proposal to decide. */
async function decider(page, why) {
  for (const role of ['leader', 'head', 'boss', 'security']) {
    await enter(page, role);
    const { items } = (await api(page, 'GET', '/proposals?to_decide=true')).body;
    if (items.some((one) => one.reason === why)) return role;
  }
  throw new Error('nobody has it to decide');
}

test('an approval is asked for in place, decided in the inbox, and the act is done again', () =>
  visit({}, async (page) => {
    await register(page, { delete: { above: 0, approval: true } });
    await enter(page, 'manager');
    const { id } = (await making(page)).body;
    const why = `重复客户 ${Date.now()}`;
    await remove(page, id);
    await page.fill('#approval-reason', why);
    await settled(page);
    assert.deepEqual(await violations(page, '.kd-modal:has(#approval-reason)'), []);
    await shot(page, 'approval-ask');
    await page.click('.kd-modal:has(#approval-reason) [type=submit]');
    await page.locator('.kd-modal:has(#approval-reason)').waitFor({ state: 'detached' });

    const role = await decider(page, why);
    await page.goto(role === 'security' ? '/people?tab=proposals' : '/access');
    await page.waitForSelector('[data-test=news] .count');
    const asked = page.locator('li.card', { hasText: why });
    await asked.locator('.opens').waitFor();
    assert.match(await asked.innerText(), /高风险操作[^]*删除记录 · 客户 · 指定的 1 条记录[^]*24 小时/);
    await settled(page);
    await shot(page, 'approval-inbox');
    await asked.locator('.primary').click();
    await page.click('.kd-modal footer .primary');
    await page.locator('.kd-modal').waitFor({ state: 'detached' });

    await enter(page, 'manager');
    await page.goto('/');
    await page.waitForSelector('[data-test=news-note]');
    await page.waitForSelector('[data-test=news] .count');
    assert.deepEqual(await violations(page, 'header'), []);
    await settled(page);
    await shot(page, 'news-home');
    await page.click('[data-test=news-note] a');
    await page.waitForSelector(`li.card:has-text("${why}") [data-test=fresh]`);
    await page.waitForSelector('[data-test=news]:not(:has(.count))');
    await page.reload();
    await page.waitForSelector(`li.card:has-text("${why}") .opens .chip.green`);
    assert.equal(await page.locator('[data-test=fresh]').count(), 0, 'looked at is seen');
    await settled(page);
    await shot(page, 'approval-own');
    await remove(page, id);
    await page.waitForSelector('.toast .act:has-text("撤销")');

    await register(page, {});
  }));

const ONE = '[data-test=past-one]';
test('what was let pass is listed for the auditor, with its entry, and for nobody without that duty', () =>
  visit({}, async (page) => {
    await enter(page, 'auditor');
    await page.goto('/high-risk');
    await page.waitForSelector(`${ONE}[data-act=delete] .chip.amber`);
    await settled(page);
    await shot(page, 'high-risk-past');
    assert.deepEqual(await violations(page, '.past'), []);
    await page.selectOption('[data-test=past-act]', 'delete');
    await page.waitForFunction((one) => [...document.querySelectorAll(one)].every((li) => li.dataset.act === 'delete'), ONE);
    const row = page.locator(`${ONE}`).first();
    assert.match(await row.innerText(), /删除记录[^]*客户[^]*已完成/);
    await row.locator('button').click();
    await page.waitForSelector('.kd-modal dl:has-text("high_risk delete")');
    await page.keyboard.press('Escape');
    await page.selectOption('[data-test=past-act]', 'reveal');
    await page.waitForSelector('.past .state');
    await enter(page, 'admin');
    await page.goto('/high-risk');
    await page.waitForSelector('li[data-act=delete]');
    assert.equal(await page.locator('.past').count(), 0);
  }));

test('on a phone, in English, a security administrator reads it as cards without a way into the log', () =>
  visit({ language: 'en', phone: true }, async (page) => {
    await enter(page, 'security');
    await page.goto('/high-risk');
    await page.waitForSelector(`.cards ${ONE}`);
    assert.equal(await page.locator(`${ONE} button`).count(), 0);
    assert.deepEqual(await violations(page, '.past'), []);
    await page.locator('.past h2').evaluate((h) => h.scrollIntoView());
    await settled(page);
    await shot(page, 'high-risk-past-en');
  }));

import assert from 'node:assert/strict';
import { api, enter, openFirst, openList, openPage, rows, test, visit } from './browser.mjs';

async function pick(page, id, text) {
  const item = page.locator(`.el-select-dropdown__item:visible:has-text("${text}")`).first();
  for (let tries = 0; tries < 6 && !(await item.isVisible()); tries++) {
    await page.click(`.el-select:has(#${id})`); // closes it again when a refused form has just opened it
    await item.waitFor({ state: 'visible', timeout: 4000 }).catch(() => undefined);
  }
  await item.click();
}

test('a customer is created, found wrong first, and shown', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await page.goto('/o/customer/new');
    await page.waitForSelector('#f-name');
    await page.fill('#f-mobile', '12345');
    await page.click('.record-form button[type=submit]');
    await page.waitForSelector('#e-mobile');
    assert.equal(await page.getAttribute('#f-mobile', 'aria-invalid'), 'true');
    assert.ok(await page.isVisible('.summary'));
    const name = `测试单位${Date.now() % 1000000}有限公司`;
    await page.fill('#f-name', name);
    await page.fill('#f-mobile', `1390${String(Date.now()).slice(-7)}`);
    await pick(page, 'f-customer_type', '单位');
    await pick(page, 'f-status', '意向');
    await page.click('.record-form button[type=submit]');
    await page.waitForSelector('.fact-card dl.facts');
    assert.equal((await page.innerText('.record h1')).trim(), name);
  }));

test('an edit changes the record and stands in its history', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    await openFirst(page, 2);
    await page.click('.head a:has-text("编辑")');
    await page.waitForSelector('#f-employees');
    const number = String(1000 + (Date.now() % 9000));
    await page.fill('#f-employees', number);
    await page.click('.record-form button[type=submit]');
    await page.waitForSelector('.fact-card dl.facts');
    const shown = Number(number).toLocaleString('en-US');
    assert.match(await page.innerText('.fact-card'), new RegExp(shown));
    await page.click('#tab-history');
    await page.waitForSelector('.history li');
    assert.match(await page.innerText('.history li >> nth=0'), new RegExp(shown));
  }));

test('the timeline shows what happened with the customer', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    const { items } = (
      await api(page, 'POST', '/records/follow_up/query', { limit: 1, fields: ['customer'] })
    ).body;
    await page.goto(`/o/customer/${items[0].customer.id}`);
    await page.waitForSelector('.timeline li');
    await page.click('#tab-related');
    await page.waitForSelector('.related');
  }));

test('a cell is changed in place', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    const cell = page.locator('tbody tr:nth-child(3) td').nth(1);
    const before = await cell.innerText();
    await cell.dblclick({ position: { x: 200, y: 10 } });
    const input = page.locator('.cell-editor input');
    await input.waitFor();
    const fresh = `${before.trim().replace(/^—.*/s, '')}改`;
    await input.fill(fresh);
    await input.press('Enter');
    await page.waitForFunction(
      (text) => document.querySelector('tbody tr:nth-child(3)')?.innerText.includes(text),
      fresh,
    );
  }));

test('two writers at once: the second is asked what to keep', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    const id = (await rows(page))[4].id;
    await page.goto(`/o/customer/${id}/edit`);
    await page.waitForSelector('#f-employees');
    const now = (await api(page, 'GET', `/records/customer/${id}`)).body;
    const mine = { 'If-Match': `"${now._version}"` };
    assert.equal((await api(page, 'PATCH', `/records/customer/${id}`, { employees: 77 }, mine)).status, 200);
    await page.fill('#f-employees', '88');
    await page.click('.record-form button[type=submit]');
    await page.waitForSelector('[role=alertdialog]');
    assert.match(await page.innerText('[role=alertdialog]'), /77[^]*88/);
    await page.click('[role=alertdialog] .primary');
    await page.waitForSelector('.fact-card dl.facts');
    assert.equal((await api(page, 'GET', `/records/customer/${id}`)).body.employees, 88);
  }));

test('a deleted record can be undone, and stands in the recycle bin', () =>
  visit({}, async (page) => {
    await enter(page, 'manager');
    const made = await api(page, 'POST', '/records/customer', {
      name: `待删单位${Date.now() % 1000000}有限公司`,
      customer_type: 'company',
      status: 'prospective',
    });
    assert.equal(made.status, 201);
    const first = made.body;
    await page.goto(`/o/customer/${first.id}`);
    await page.waitForSelector('.fact-card dl.facts');
    await page.click('.head button:has-text("删除")');
    await page.click('[role=alertdialog] .primary');
    await page.waitForSelector('.toast .act:has-text("撤销")');
    await page.goto('/o/customer/bin');
    await page.waitForSelector(`tr[data-id="${first.id}"]`);
    await page.click(`tr[data-id="${first.id}"] button`);
    await page.waitForSelector(`tr[data-id="${first.id}"]`, { state: 'detached' });
    await page.goto(`/o/customer/${first.id}`);
    await page.waitForSelector('.fact-card dl.facts');
  }));

test('several records are changed at once, after a preview', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    await page.locator('tbody tr:nth-child(1) input[type=checkbox]').check();
    await page.locator('tbody tr:nth-child(2) input[type=checkbox]').check();
    await page.click('.bulk button:has-text("批量修改")');
    await page.selectOption('#bulk-field', 'employees');
    await page.fill('#bulk-value', '55');
    assert.match(await page.innerText('.kd-modal .note'), /2/);
    await page.click('.kd-modal .primary');
    await page.waitForSelector('.toast:has-text("2 条成功")');
  }));

test('what does not exist and what may not be seen look the same', () =>
  visit({}, async (page) => {
    const boss = await openPage();
    await enter(boss.page, 'head');
    const all = (await api(boss.page, 'POST', '/records/customer/query', { limit: 200, fields: ['owner'] }))
      .body.items;
    await boss.context.close();
    await enter(page, 'sales');
    const me = (await api(page, 'GET', '/me')).body.user;
    const other = all.find((r) => r.owner?.id !== me);
    const said = [];
    for (const id of [other.id, '01900000-0000-7000-8000-000000000000']) {
      await page.goto(`/o/customer/${id}`);
      await page.waitForSelector('.state');
      said.push((await page.innerText('.state')).replace(/请求编号.*/, ''));
    }
    assert.equal(said[0], said[1]);
  }));

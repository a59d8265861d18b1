import assert from 'node:assert/strict';
import { api, enter, settled, test, visit } from './browser.mjs';

test('an API key is shown once, listed without its secret, and revoked', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await page.goto('/keys');
    const label = `报表 ${Date.now()}`;
    await page.fill('#key-label', label);
    await page.locator('.make input[type=checkbox]').first().check();
    await page.click('.make .primary');
    const secret = (await page.innerText('.made .key')).trim();
    assert.ok(secret.length > 30);
    await page.reload();
    const line = page.locator(`.list li:has-text("${label}")`);
    await line.waitFor();
    assert.ok(!(await page.content()).includes(secret), 'the secret is shown once');
    await line.locator('button').click();
    await page.click('[role=alertdialog] .primary');
    await line.waitFor({ state: 'detached' });
  }));

test("the security administrator ends a person's key and can make none", () =>
  visit({}, async (page) => {
    await enter(page, 'manager');
    const me = (await api(page, 'GET', '/me')).body;
    const expires_at = new Date(Date.now() + 86400e3).toISOString();
    const label = `程序 ${Date.now()}`;
    await api(page, 'POST', '/keys', { label, roles: [me.roles[0].name], expires_at });
    await enter(page, 'security');
    await page.goto('/keys');
    await page.selectOption('#key-user', String(me.user));
    const line = page.locator(`.list li:has-text("${label}")`);
    await line.waitFor();
    assert.equal(await page.locator('.make').count(), 0);
    await line.locator('button').click();
    await page.click('[role=alertdialog] .primary');
    await line.waitFor({ state: 'detached' });
  }));

test("a value shared beyond the writer's sight comes to the steward, who closes the entry", () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    const me = (await api(page, 'GET', '/me')).body;
    await enter(page, 'boss');
    const query = { limit: 50, fields: ['mobile', 'owner'] };
    const { items } = (await api(page, 'POST', '/records/customer/query', query)).body;
    const others = items.filter((row) => row.mobile && row.owner.id !== me.user);
    await enter(page, 'sales');
    const name = `同号单位${Date.now() % 1000000}有限公司`;
    let far, second;
    do { // on a server that has been tested before, the first ones are taken
      far = others.pop();
      const fields = { name, customer_type: 'company', status: 'prospective', mobile: far.mobile };
      second = await api(page, 'POST', '/records/customer', fields);
    } while (second.status === 409 && others.length);
    assert.equal(second.status, 201);
    await enter(page, 'steward');
    await page.goto('/conflicts');
    const line = page.locator(`.list li:has(a[href$="${second.body.id}"])`);
    await line.waitFor();
    assert.match(await line.innerText(), /手机/);
    assert.ok(!(await line.innerText()).includes(far.mobile.slice(-11)));
    await line.locator('button').click();
    await page.check('.kd-modal input[value=kept_both]');
    await page.fill('#conflict-note', '共用总机');
    await page.click('.kd-modal .primary');
    await line.waitFor({ state: 'detached' });
    await settled(page);
    await enter(page, 'sales');
    await page.goto('/conflicts');
    await page.waitForSelector('.state');
    assert.doesNotMatch(await page.innerText('nav.nav'), /重复值/);
  }));

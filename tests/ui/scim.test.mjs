import assert from 'node:assert/strict';
import { Client, ok } from '../api/client.mjs';
import { BASE, settled, shot, signIn, test, visit } from './browser.mjs';
import { people } from './people.mjs';

async function as(who) {
  const c = new Client({ port: new URL(BASE).port });
  await c.signIn(people[who].login, people[who].password);
  return c;
}
const ask = (token, method, path, body) => new Client({ port: new URL(BASE).port }).request(method, `/scim/v2${path}`, {
  body, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/scim+json' } : {}) },
});

test('the system administrator asks for a provisioning key, another duty approves, the secret is drawn once and its calls are shown', () =>
  visit({}, async (page) => {
    await signIn(page, 'admin');
    await page.goto('/provisioning');
    await page.waitForSelector('.page-head .btn.primary');
    await page.click('.page-head .btn.primary');
    await page.fill('#scim-label', 'Entra ID');
    await page.fill('#scim-reason', '接入集团目录');
    await settled(page);
    await shot(page, 'scim-form');
    await page.click('.kd-modal .btn.primary');
    await page.waitForSelector('.kd-modal', { state: 'detached' });
    const security = await as('security');
    const { items } = ok(await security.get('/api/v1/proposals'));
    const asked = items.find((p) => p.kind === 'scim' && p.state === 'open');
    assert.equal(asked.change.document.label, 'Entra ID');
    ok(await security.post(`/api/v1/proposals/${asked.id}/decide`, { approve: true }));
    security.close();
    await page.reload();
    await page.waitForSelector('[data-draw]');
    await page.click('[data-draw]');
    await page.click('.kd-modal .btn.primary');
    await page.waitForSelector('.secret');
    const token = (await page.innerText('.secret')).trim();
    assert.match(token, /^[\w-]{43}$/);
    assert.equal((await ask(token, 'GET', '/Users?count=1')).status, 200);
    assert.equal((await ask(token, 'POST', '/Users', { userName: '' })).status, 400);
    await page.reload();
    await page.waitForSelector('tbody tr:nth-child(2)');
    assert.equal(await page.locator('.secret').count(), 0, 'the secret is shown once');
    assert.match(await page.innerText('tbody tr:first-child'), /POST \/scim\/v2\/Users/);
    await settled(page);
    await shot(page, 'scim');
  }));

for (const look of [{ language: 'en', theme: 'dark' }, { phone: true }, { language: 'en', phone: true, theme: 'dark' }])
  test(`the administrators see keys and calls (${JSON.stringify(look)})`, () =>
    visit(look, async (page) => {
      await signIn(page, 'auditor');
      await page.goto('/provisioning');
      await page.waitForSelector('li.card');
      assert.equal(await page.locator('[data-draw]').count(), 0, 'who may not draw is not offered it');
      await settled(page);
      await shot(page, `scim-${look.language ?? 'zh'}-${look.phone ? 'phone' : 'wide'}`);
    }));

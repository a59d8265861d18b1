import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Client, ok } from '../api/client.mjs';
import { Idp } from '../api/idp.mjs';
import { BASE, settled, shot, signIn, test, visit } from './browser.mjs';
import { people } from './people.mjs';

/* Whoever is linked here signs in by password in no other test but his own session. */
const role = 'operations';
let idp, provider;

async function as(who) {
  const c = new Client({ port: new URL(BASE).port });
  await c.signIn(people[who].login, people[who].password);
  return c;
}
async function propose(document, id) {
  const security = await as('security'), auditor = await as('auditor');
  const asked = ok(await security.post('/api/v1/proposals', { kind: 'sign_on', reason: '统一登录试点', change: { provider: id, document } }), 201);
  ok(await auditor.post(`/api/v1/proposals/${asked.id}/decide`, { approve: true }));
  const { providers } = ok(await security.get('/api/v1/sso/providers'));
  const one = providers.find((p) => p.issuer === idp.issuer);
  ok(await security.post(`/api/v1/sso/providers/${one.id}/secret`, { secret: idp.client.secret }), 204);
  for (const c of [security, auditor]) c.close();
  return one.id;
}
before(async () => {
  idp = await new Idp().start();
  idp.person = { sub: 'f3a1-0042' };
  provider = await propose(idp.document(), 0);
});
after(async () => {
  if (provider) await propose(idp.document({ enabled: false }), provider);
  idp?.stop();
});

const button = '[data-sign-on] .btn';

test('who is not linked is told what to do; once linked he signs in by a click', () =>
  visit({}, async (page) => {
    await page.goto('/sign-in');
    await page.waitForSelector(button);
    await settled(page);
    await shot(page, 'sign-on-button');
    await page.click(button);
    await page.waitForSelector('.note.bad');
    assert.match(await page.innerText('.note.bad'), /尚未关联/);
    assert.equal(new URL(page.url()).search, '');
    await settled(page);
    await shot(page, 'sign-on-unknown');

    await signIn(page, role);
    await page.goto('/account');
    await page.waitForSelector('[data-factor=sign-on]');
    await page.click('[data-factor=sign-on] .btn');
    await page.fill('#sign-on-password', people[role].password);
    await page.click('.kd-modal [type=submit]');
    await page.waitForSelector('[data-factor=sign-on] .btn.danger');
    await settled(page);
    await shot(page, 'sign-on-linked');

    await page.context().clearCookies();
    await page.goto('/sign-in');
    await page.click(button);
    await page.waitForSelector('.shell');
    await page.goto('/account');
    await page.click('[data-factor=sign-on] .btn.danger');
    await page.fill('#unlink-password', people[role].password);
    await page.click('.kd-modal .btn.danger');
    await page.waitForSelector('[data-factor=sign-on] .btn:not(.danger)');
  }));

for (const look of [{}, { language: 'en', theme: 'dark' }, { phone: true }, { language: 'en', phone: true, theme: 'dark' }])
  test(`the security administrator sees and proposes providers (${JSON.stringify(look)})`, () =>
    visit(look, async (page) => {
      const name = `sign-on-${look.language ?? 'zh'}-${look.phone ? 'phone' : 'wide'}`;
      await signIn(page, 'security');
      await page.goto('/sign-on');
      await page.waitForSelector('li.card');
      await settled(page);
      await shot(page, name);
      await page.click('.page-head .btn.primary');
      await page.waitForSelector('#so-zh');
      await page.click('.kd-modal summary');
      await settled(page);
      await shot(page, `${name}-form`);
    }));

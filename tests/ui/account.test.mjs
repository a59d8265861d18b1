import assert from 'node:assert/strict';
import { otp } from '../api/otp.mjs';
import { enter, settled, shot, signIn, test, visit } from './browser.mjs';
import { people } from './people.mjs';

/* Whoever gets a second factor here is in no other test. */
const { login, password } = people.marketing;

async function fillSignIn(page) {
  await page.goto('/sign-in');
  await page.fill('#login', login);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

test('an authenticator app is set up, asked for at sign-in, replaced by a recovery code, and removed', () =>
  visit({}, async (page) => {
    await signIn(page, 'marketing');
    await page.goto('/account');
    await page.waitForSelector('[data-factor=totp]');
    await settled(page);
    await page.click('[data-factor=totp] .btn');
    await page.fill('#totp-password', password);
    await page.click('.kd-modal [type=submit]');
    await page.waitForSelector('.kd-modal .qr');
    await shot(page, 'account-totp');
    await page.click('.kd-modal summary');
    const secret = (await page.innerText('.kd-modal .secret')).replace(/\s/g, '');
    await page.fill('#totp-code', otp(secret));
    await page.click('.kd-modal [type=submit]');
    await page.waitForSelector('.codes li');
    const codes = await page.$$eval('.codes li', (all) => all.map((li) => li.textContent));
    assert.equal(codes.length, 10);
    await shot(page, 'account-codes');
    await page.click('.codes .primary');
    await page.waitForSelector('[data-factor=recovery]');
    await settled(page);
    await shot(page, 'account');

    await page.context().clearCookies();
    await fillSignIn(page);
    await page.waitForSelector('#factor-code');
    await shot(page, 'sign-in-factor');
    await page.goto('/o/customer');
    await page.waitForSelector('#factor-code'); // half a session opens no page
    await page.fill('#factor-code', '000000');
    await page.click('button[type=submit]');
    await page.waitForSelector('.note.bad');
    await page.fill('#factor-code', otp(secret, 1));
    await page.click('button[type=submit]');
    await page.waitForSelector('.shell');

    await page.context().clearCookies();
    await fillSignIn(page);
    await page.fill('#factor-code', codes[0]);
    await page.click('button[type=submit]');
    await page.waitForSelector('.shell');
    await page.goto('/account');
    await page.waitForSelector('[data-factor=recovery]');
    assert.match(await page.innerText('[data-factor=recovery]'), /还剩 9 个/);
    await page.click('[data-factor=totp] .danger');
    await page.click('.kd-modal .primary');
    await page.waitForSelector('[data-factor=recovery]', { state: 'detached' });
  }));

test('a page from before there was a factor asks for it in place and goes on', () =>
  visit({ language: 'en' }, async (page) => {
    await enter(page, 'operations');
    await page.goto('/account');
    await page.waitForSelector('[data-factor=totp]');
    // Meanwhile it is set up in another browser.
    let secret = '';
    await visit({}, async (other) => {
      await signIn(other, 'operations');
      await other.goto('/account');
      await other.click('[data-factor=totp] .btn');
      await other.fill('#totp-password', people.operations.password);
      await other.click('.kd-modal [type=submit]');
      await other.click('.kd-modal summary');
      secret = (await other.innerText('.kd-modal .secret')).replace(/\s/g, '');
      await other.fill('#totp-code', otp(secret));
      await other.click('.kd-modal [type=submit]');
      await other.waitForSelector('.codes li');
    });
    await page.reload();
    await page.click('[data-factor=totp] .danger');
    await page.click('.kd-modal .primary');
    await page.waitForSelector('.kd-modal #factor-code');
    await settled(page);
    await shot(page, 'step-up-en');
    await page.fill('#factor-code', otp(secret, 1));
    await page.click('.kd-modal [type=submit]');
    await page.waitForSelector('[data-factor=recovery]', { state: 'detached' });
  }));

test('a passkey is added, signs in without a password, and is removed', () =>
  visit({}, async (page, context) => {
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await signIn(page, 'privacy');
    await page.goto('/account');
    await page.click('[data-factor=passkeys] .btn');
    await page.fill('#passkey-name', '办公电脑');
    await page.fill('#passkey-password', people.privacy.password);
    await page.click('.kd-modal [type=submit]');
    await page.waitForSelector('.codes li');
    await page.click('.codes .primary');
    await page.waitForSelector('[data-factor=passkeys] li');
    assert.match(await page.innerText('[data-factor=passkeys] li'), /办公电脑/);
    await settled(page);
    await shot(page, 'account-passkey');

    await context.clearCookies();
    await page.goto('/sign-in');
    await shot(page, 'sign-in-passkey');
    await page.click('button:has-text("用通行密钥登录")');
    await page.waitForSelector('.shell');

    // With the password, the passkey is the second step.
    await context.clearCookies();
    await page.goto('/sign-in');
    await page.fill('#login', people.privacy.login);
    await page.fill('#password', people.privacy.password);
    await page.click('button[type=submit]');
    await page.waitForSelector('#factor-code');
    await page.click('button:has-text("使用通行密钥")');
    await page.waitForSelector('.shell');

    await page.goto('/account');
    await page.click('[data-factor=passkeys] li .danger');
    await page.click('.kd-modal .primary');
    await page.waitForSelector('[data-factor=passkeys] li', { state: 'detached' });
  }));

import assert from 'node:assert/strict';
import { enter, settled, shot, test, visit } from './browser.mjs';

async function fits(page, name) {
  await settled(page);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  await shot(page, `phone-${name}`);
  assert.ok(wide <= room, `${name} is ${wide} wide on a screen of ${room}`);
}

test('everything fits a phone, and the list is cards', () =>
  visit({ phone: true }, async (page) => {
    await page.goto('/sign-in');
    await fits(page, 'sign-in');
    await enter(page, 'sales');
    await page.goto('/');
    await fits(page, 'home');
    await page.goto('/o/customer');
    await page.waitForSelector('.cards a');
    await fits(page, 'list');
    await page.click('.cards li:nth-child(2) a');
    await page.waitForSelector('.fact-card dl.facts');
    await fits(page, 'record');
    await page.click('.head a:has-text("编辑")');
    await page.waitForSelector('#f-name');
    await fits(page, 'edit');
    for (const [name, path] of [
      ['imports', '/imports'],
      ['wizard', '/imports/new'],
      ['trail', '/trail'],
      ['sessions', '/sessions'],
      ['keys', '/keys'],
    ]) {
      await page.goto(path);
      await page.waitForSelector('h1');
      await fits(page, name);
    }
  }));

test('the navigation is a drawer on a phone', () =>
  visit({ phone: true }, async (page) => {
    await enter(page, 'sales');
    await page.goto('/');
    await page.waitForSelector('.top');
    assert.equal(await page.isVisible('nav.nav'), false);
    await page.click('.top .icon >> nth=0');
    await page.click('nav.nav a:has-text("客户") >> nth=0');
    await page.waitForSelector('.cards a');
    assert.equal(await page.isVisible('nav.nav'), false);
  }));

/* Tasks of a security administrator in her own words, without a line of Cedar. */
import assert from 'node:assert/strict';
import { settled, test, visit } from './browser.mjs';
import { cell, openMatrix } from './matrix.mjs';

const HANGZHOU = '杭州分公司';
const OFFICE = { from: '9', to: '18' };

test('agents of the Hangzhou branch see the last four digits of mobiles in office hours only', () =>
  visit({}, async (page) => {
    await openMatrix(page, 'service');
    await cell(page, 'customer.mobile.see').click();
    const grants = page.locator('.kd-modal .grant');
    await grants.first().waitFor();
    assert.equal(await grants.count(), 1);
    // What all agents had becomes what the other branches' agents keep; Hangzhou's get hours.
    const names = await grants.first().locator('select').nth(1).locator('option').allInnerTexts();
    const all = names.map((n) => n.trim()).filter((n) => n.endsWith('分公司'));
    assert.ok(all.includes(HANGZHOU), all.join());
    await grants.first().locator('select').nth(1).selectOption({ label: HANGZHOU });
    await grants.first().locator('.hour').nth(0).fill(OFFICE.from);
    await grants.first().locator('.hour').nth(1).fill(OFFICE.to);
    for (let day = 0; day < 5; day++) await grants.first().locator('.day input').nth(day).check();
    for (const branch of all.filter((n) => n !== HANGZHOU)) {
      await page.locator('.kd-modal .body > .btn').click();
      await grants.last().locator('select').nth(0).selectOption('branch');
      await grants.last().locator('select').nth(1).selectOption({ label: branch });
    }
    await page.locator('.kd-modal footer .primary').click();
    await settled(page);
    assert.match(await cell(page, 'customer.mobile.see').innerText(), /9–18/);
    await page.locator('.matrix-bar .primary').click();
    await page.waitForSelector('[data-test=verdict].good');
    // Nothing changes by day; in the evening and on the weekend Hangzhou's agents lose the masked mobile, nobody else.
    const effects = await page.locator('[data-test=effect]').all();
    const texts = await Promise.all(effects.map((e) => e.innerText()));
    assert.ok(texts.length >= 1 && texts.every((x) => /晚间|周末/.test(x)), texts.join('\n'));
    for (const line of await page.locator('[data-test=effect] details').all()) {
      await line.locator('summary').click();
      assert.match(await line.locator('summary').innerText(), /减少[\s\S]*客户[\s\S]*手机/);
      const who = (await line.locator('li').allInnerTexts()).map((x) => x.trim().split(/\s/)[0]).sort();
      assert.deepEqual(who, ['孙悦', '马静'].sort());
    }
    assert.ok(await page.locator('.kd-modal footer .primary').isDisabled(), 'a reason is asked for');
  }));

test('a narrower matrix is published at once and stands among the versions', () =>
  visit({}, async (page) => {
    await openMatrix(page, 'marketing');
    if (/—/.test(await cell(page, 'opportunity.view').innerText())) return; // a server that was tested before
    await cell(page, 'opportunity.view').click();
    while (await page.locator('.kd-modal .remove').count()) await page.locator('.kd-modal .remove').first().click();
    await page.locator('.kd-modal footer .primary').click();
    await settled(page);
    assert.equal((await cell(page, 'opportunity.view').innerText()).trim(), '—');
    await page.locator('.matrix-bar .primary').click();
    await page.waitForSelector('[data-test=verdict].good');
    await page.fill('#policy-note', '市场只看商机列表');
    await page.locator('.kd-modal footer .primary').click();
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
    await settled(page); // the list of versions is asked for once the dialog has gone
    await page.click('#tab-versions');
    const newest = page.locator('.version').first();
    assert.match(await newest.innerText(), /生效中[\s\S]*市场只看商机列表/);
  }));

test('what widens says so and waits for another security administrator', () =>
  visit({ phone: true }, async (page) => {
    await openMatrix(page, 'sales');
    await cell(page, 'customer.export').click();
    await page.locator('.kd-modal .body > .btn').click();
    await page.locator('.kd-modal footer .primary').click();
    await settled(page);
    await page.locator('.matrix-bar .primary').click();
    await page.waitForSelector('[data-test=verdict].warn');
    await page.fill('#policy-note', '试用');
    await page.locator('.kd-modal footer .primary').click();
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
    await settled(page);
    await page.click('#tab-proposals');
    const mine = page.locator('.version').first();
    await mine.waitFor();
    assert.equal(await mine.locator('.primary').count(), 0, 'nobody approves his own');
    await mine.locator('.danger').click();
    await page.fill('#policy-why', '不需要');
    await page.locator('.kd-modal footer .danger').click();
    await page.locator('.kd-modal').waitFor({ state: 'detached' });
  }));

import assert from 'node:assert/strict';
import { api, enter, masked, openFirst, openList, openPage, settled, test, visit } from './browser.mjs';
import { register } from './register.mjs';

const reason = `核对来电身份 ${Date.now()}`;

async function reveal(page, why) {
  await page.click('.facts .reveal >> nth=0');
  await page.fill('#reveal-reason', why);
  await page.click('.kd-modal .primary');
}

test('a masked value is shown for a reason, hides again, and is found in the audit explorer', () =>
  visit({}, async (page) => {
    await enter(page, 'service');
    const id = await masked(page);
    await page.goto(`/o/customer/${id}`);
    await page.click('.facts .reveal >> nth=0');
    assert.equal(await page.isDisabled('.kd-modal .primary'), true, 'not without a reason');
    await page.keyboard.press('Escape');
    await reveal(page, reason);
    await page.waitForSelector('.shown');
    assert.doesNotMatch(await page.innerText('.shown'), /\*/);
    await page.click('.live .linkish');
    await page.waitForSelector('.shown', { state: 'detached' });

    const auditor = await openPage();
    await enter(auditor.page, 'auditor');
    await auditor.page.goto(`/audit?record=${id}`);
    await auditor.page.selectOption('.filters label:has-text("操作") select', 'reveal');
    // The explorer's index may lag a little behind the log: ask again until it has come.
    const end = Date.now() + 60000;
    while (await settled(auditor.page), (await auditor.page.locator('tbody tr').count()) === 0) {
      assert.ok(Date.now() < end, 'the reveal is in the audit explorer');
      await auditor.page.click('.page-head .icon');
    }
    await auditor.page.click('tbody tr >> nth=0');
    await auditor.page.click('.kd-modal button:has-text("查看说明")');
    await auditor.page.waitForSelector('.reason');
    assert.match(await auditor.page.innerText('.reason'), new RegExp(reason));
    assert.deepEqual(auditor.notes, []);
  }));

test('a revealed value does not outlive the page', () =>
  visit({}, async (page) => {
    await enter(page, 'service');
    await page.goto('/');
    await page.goto(`/o/customer/${await masked(page)}`);
    await reveal(page, '核对来电身份');
    await page.waitForSelector('.shown');
    const value = (await page.innerText('.shown')).split('\n')[0].trim();
    await page.goBack();
    await page.goForward();
    await page.waitForSelector('.fact-card dl.facts');
    assert.equal(await page.locator('.shown').count(), 0);
    assert.ok(
      !(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes(value),
    );
  }));

test('whoever runs out of budget is refused in plain words', () =>
  visit({}, async (page) => {
    await register(page, {}); // which would ask for a second factor before the budget is used up
    await enter(page, 'service');
    // The budget counts distinct people: use it up on others, then try the next one by hand.
    const { body: me } = await api(page, 'GET', '/me');
    const limit = me.budgets.clear.personal.minute.limit;
    const ids = [];
    for (let n = 1; ids.length < limit + 20 && n < 6; n++) {
      const { body } = await api(page, 'POST', '/records/customer/query', {
        limit: 200,
        page: n,
        fields: ['mobile'],
      });
      ids.push(...body.items.filter((r) => r._views?.mobile === 'masked').map((r) => r.id));
    }
    // The dialog stands open before the budget is used up: a minute's budget comes back within the minute.
    await page.goto(`/o/customer/${ids.pop()}`);
    await page.click('.facts .reveal >> nth=0');
    await page.fill('#reveal-reason', '核对来电身份');
    let refused = false;
    for (const id of ids) {
      const body = { fields: ['mobile'], reason: '核对来电身份' };
      refused = (await api(page, 'POST', `/records/customer/${id}/reveal`, body)).status === 429;
      if (refused) break;
    }
    assert.ok(refused, `no refusal within ${ids.length} people`);
    await page.click('.kd-modal .primary');
    await page.waitForSelector('.kd-modal .note.bad');
    assert.match(await page.innerText('.kd-modal .note.bad'), /额度已用完/);
  }));

test('"why" says in words how a field is seen, and what is lacking', () =>
  visit({}, async (page) => {
    await enter(page, 'service');
    await openList(page);
    await openFirst(page, 2);
    await page.click('.facts .why >> nth=0');
    await page.waitForSelector('.kd-modal .words .answer');
    await page.selectOption('#why-what', 'mobile');
    await page.waitForSelector('.kd-modal .result.masked');
    const text = await page.innerText('.kd-modal');
    assert.match(text, /只能看到脱敏后的内容/);
    assert.match(text, /客服，范围为本分公司/);
    await page.selectOption('#why-what', 'customer_type');
    await page.waitForSelector('.kd-modal .result.clear');
    assert.doesNotMatch(await page.innerText('.kd-modal'), /脱敏可见/); // who sees it in clear lacks nothing
    assert.doesNotMatch(text, /principal|resource|context\./);
    await page.click('.kd-modal footer .btn');
    await page.click('.head button:has-text("为什么")');
    await page.waitForSelector('.kd-modal .words .answer');
    assert.match(await page.innerText('.kd-modal .words'), /打开\s*允许/);
  }));

test('a masked field is asked for in place, approved by the head with a count, and then seen until its end', () =>
  visit({}, async (page) => {
    await enter(page, 'service');
    await openList(page);
    await openFirst(page, 9);
    await page.click('.facts .ask >> nth=0');
    await page.fill('#ask-why', `回拨核对 ${Date.now()}`);
    await page.click('.kd-modal footer .btn.primary');
    await page.waitForSelector('.kd-modal', { state: 'detached' });
    const url = page.url();
    const head = await openPage({});
    try {
      await enter(head.page, 'leader');
      await head.page.goto('/');
      await head.page.click('.note:has-text("等你审批") .btn');
      await head.page.waitForSelector('h2:has-text("等你审批") + .list .opens .count');
      assert.match(await head.page.innerText('.opens .count >> nth=0'), /批准后打开 1 条记录.*新增 1 条/);
      await head.page.click('.list button:has-text("批准") >> nth=0');
      await head.page.click('.kd-modal footer .btn.primary');
      await head.page.waitForSelector('h2:has-text("等你审批")', { state: 'detached' });
    } finally {
      await head.context.close();
    }
    for (let tries = 0; tries < 20 && !(await page.locator('.facts .chip:has-text("临时授权至")').count()); tries++) {
      await page.goto(url);
      await page.waitForSelector('.facts .why');
    }
    assert.ok(await page.locator('.facts .chip:has-text("临时授权至")').count());
  }));

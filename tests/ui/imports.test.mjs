import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, enter, openList, rows, search, settled, test, visit } from './browser.mjs';

const ROWS = 60;
const stamp = String(Date.now()).slice(-6);

function csv() {
  const path = join(tmpdir(), `kedun-import-${stamp}.csv`);
  const lines = ['单位名称,手机,客户类型,状态,没用的列'];
  for (let n = 0; n < ROWS; n++) {
    const mobile = n % 10 === 3 ? '12345' : `137${stamp.slice(-5)}${String(n).padStart(3, '0')}`;
    lines.push(`导入试验${stamp}号${n}有限公司,${mobile},company,prospective,x`);
  }
  writeFileSync(path, `\ufeff${lines.join('\r\n')}\r\n`);
  return path;
}

async function who(page) {
  for (const role of ['sales', 'steward', 'manager']) {
    await enter(page, role);
    const { body } = await api(page, 'GET', '/me');
    if (body.acts.customer?.includes('import')) return role;
    await page.context().clearCookies();
  }
  return '';
}

/* The page's first question about a job is answered when the returned function is called, with what was so at once:
 * events and answers travel apart, and a busy machine brings them in any order. */
async function holdFirstAnswer(page) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  let held;
  await page.route(/\/api\/v1\/jobs\/[0-9a-f-]+$/, async (route) => {
    if (held) return route.fallback();
    held = (async () => {
      const response = await route.fetch();
      await released;
      await route.fulfill({ response });
    })();
    return held;
  });
  return async () => {
    release();
    await held;
    await settled(page);
  };
}

test('a CSV is mapped, checked, imported, its bad rows downloaded, and undone', () =>
  visit({}, async (page) => {
    assert.ok(await who(page), 'someone of the demo may import');
    await page.goto('/imports/new?object=customer');
    await page.setInputFiles('input[type=file]', csv());
    await page.waitForSelector('footer .primary');
    assert.equal(await page.locator('tbody tr').count(), 5, 'one line a column');
    assert.equal(await page.inputValue('tbody tr:nth-child(2) select'), 'mobile', 'the mobile is suggested');
    await page.selectOption('tbody tr:nth-child(1) select', 'name');
    await page.selectOption('tbody tr:nth-child(3) select', 'customer_type');
    await page.selectOption('tbody tr:nth-child(4) select', 'status');
    await page.selectOption('tbody tr:nth-child(5) select', '');
    await page.click('footer .primary');
    await page.waitForSelector('.rows tbody tr.bad');
    assert.equal(await page.locator('.rows tbody tr.bad').count(), 6);
    assert.match(await page.innerText('.rows tbody tr.bad >> nth=0'), /手机/);
    const answerLate = await holdFirstAnswer(page);
    await page.click('footer .primary');
    await page.waitForSelector('.counts', { timeout: 90000 });
    assert.equal(await page.innerText('.counts .good dd'), '54', 'no counts before they are the outcome');
    assert.equal(await page.innerText('.counts .bad dd'), '6');
    await answerLate();
    assert.equal(await page.innerText('.counts .good dd'), '54', 'an answer that was overtaken changes nothing');

    const coming = page.waitForEvent('download');
    await page.click('button:has-text("下载被拒绝的行")');
    const text = readFileSync(await (await coming).path(), 'utf8');
    assert.equal(text.charCodeAt(0), 0xfeff, 'opens in a spreadsheet as UTF-8');
    assert.equal(text.trim().split('\n').length, 7);

    const here = page.url();
    await openList(page);
    for (const n of [30, 20]) {
      await search(page, `导入试验${stamp}号${n}有`);
      assert.equal((await rows(page)).length, 1);
    }
    const [changed] = await rows(page);
    const { body } = await api(page, 'GET', `/records/customer/${changed.id}`);
    const mine = { 'If-Match': `"${body._version}"` };
    assert.equal((await api(page, 'PATCH', `/records/customer/${body.id}`, { employees: 9 }, mine)).status, 200);
    await page.goto(here);
    await page.click('button:has-text("撤销导入")');
    await page.click('[role=alertdialog] .primary');
    await page.waitForSelector('.chip:has-text("已撤销")', { timeout: 90000 });
    for (const again of [false, true]) {
      if (again) await page.reload();
      await page.waitForSelector('.undone');
      assert.match(await page.innerText('.undone'), /已移除 53 条[^]*1 条被保留[^]*修改过/);
    }
    await openList(page);
    await search(page, `导入试验${stamp}号30有`);
    assert.equal((await rows(page)).length, 0);
    await search(page, `导入试验${stamp}号20有`);
    assert.equal((await rows(page)).length, 1, 'what was changed since is kept');
  }));

// Looking after rights in the browser: what nobody uses is found and taken away.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { api, enter, settled, shot, test, visit } from './browser.mjs';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
async function accessible(page, name) {
  await settled(page);
  await page.evaluate(source); // the policy refuses inline scripts, so the tool comes through the debugger
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'], preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')}`);
  });
  await shot(page, name);
  assert.deepEqual(found, [], name);
}

const login = (start) => `${start}${Date.now()}${Math.floor(Math.random() * 1000)}`;

test('an account that nobody uses is found and suspended', () =>
  visit({}, async (page) => {
    await enter(page, 'admin');
    const name = login('ghost');
    const made = await api(page, 'POST', '/people', { login: name, name: '无人认领', department: 1 });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await page.goto('/rights');
    const line = page.locator(`.list li:has-text("${name}")`);
    await line.locator('.chip:has-text("从未登录")').waitFor();
    await accessible(page, 'rights-orphans');
    await line.locator('input[type=checkbox]').check();
    await page.click('.picks .btn:has-text("停用")');
    await page.fill('#rights-note', '查无此人');
    await page.click('.kd-modal footer .primary');
    await line.waitFor({ state: 'detached' });
    assert.equal((await api(page, 'GET', `/people/${made.body.id}`)).body.document.disabled, true);
  }));

test('a role that somebody never used is taken away in the list', () =>
  visit({ language: 'en', theme: 'dark' }, async (page) => {
    await enter(page, 'admin');
    const name = login('idle');
    const made = await api(page, 'POST', '/people', { login: name, name: '闲置', department: 1 });
    await enter(page, 'security');
    assert.equal((await api(page, 'PATCH', `/people/${made.body.id}`, { roles: ['sales', 'marketing'] })).status, 200);
    await page.goto('/rights?tab=unused');
    await page.fill('input[type=search]', name);
    const line = page.locator(`.list li:has-text("${name}")`);
    await line.nth(1).waitFor();
    await accessible(page, 'rights-unused');
    await line.nth(1).locator('input[type=checkbox]').check();
    await page.click('.picks .btn.danger');
    await page.fill('#rights-note', 'never used');
    await page.click('.kd-modal footer .danger');
    await line.nth(1).waitFor({ state: 'detached' });
    assert.equal((await api(page, 'GET', `/people/${made.body.id}`)).body.document.roles.length, 1);
    await page.click('#tab-grown');
    await page.locator(`.list li:has-text("${name}")`).waitFor();
    await accessible(page, 'rights-grown');
  }));

for (const look of [{ language: 'zh' }, { language: 'en', theme: 'dark', phone: true }])
  test(`the pages of reviews are accessible (${look.language})`, () =>
    visit(look, async (page) => {
      await enter(page, 'security');
      const asked = { title: '第四季度岗位复核', scope: { kinds: [], departments: [], roles: [] }, reviewers: { heads: true, named: [], fallback: 0 }, due_days: 14, repeat_months: 3, at_due: 'show' };
      const made = await api(page, 'POST', '/reviews', asked);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      await page.goto('/reviews');
      await page.locator('.list li').first().waitFor();
      await accessible(page, `reviews-${look.language}`);
      await page.locator('.page-head .primary').click();
      await page.locator('#review-title').waitFor();
      await accessible(page, `review-form-${look.language}`);
      await page.goto(`/reviews/${made.body.id}`);
      await page.locator('.person').first().waitFor();
      await accessible(page, `review-${look.language}`);
    }));

test('who changes posts sees it coming, offers the records of his former department, and its head confirms in one click', () =>
  visit({}, async (page) => {
    await enter(page, 'admin');
    const found = (await api(page, 'GET', '/people?q=chenlei')).body.items.find((one) => one.document.login === 'chenlei');
    const id = found.id, name = found.document.name;
    const was = (await api(page, 'GET', `/people/${id}`)).body.document;
    const back = async () => {
      await enter(page, 'admin');
      const posts = was.posts ?? [{ department: was.department, from: 1, until: null, main: true }];
      assert.equal((await api(page, 'PATCH', `/people/${id}`, { posts })).status, 200);
    };
    try {
      await page.goto(`/people/${id}`);
      await page.click('button:has-text("调整任职")');
      await page.selectOption('#post-department-0', '12');
      await page.click('.kd-modal footer .primary');
      const told = page.locator('[data-test=leaves]');
      await told.filter({ hasText: '客户' }).waitFor();
      assert.match(await told.innerText(), /何俊/);
      await accessible(page, 'post-leaves');
      await page.click('.kd-modal footer .primary');
      await page.locator('.kd-modal').waitFor({ state: 'detached' });

      await enter(page, 'chenlei');
      await page.goto('/access');
      const form = page.locator('[data-test=former] form');
      await form.locator('select').nth(1).selectOption({ label: '王芳' });
      await accessible(page, 'former-records');
      await form.locator('button:has-text("提出移交")').click();
      await page.locator('[data-test=former] [role=status]:has-text("王芳")').waitFor();

      await enter(page, 'manager');
      await page.goto('/');
      await page.locator('[data-test=moved-alarm]').waitFor();
      await accessible(page, 'moved-alarm');
      await page.click('[data-test=moved-alarm] a');
      const offer = page.locator('[data-test=offers] li', { hasText: name });
      await offer.waitFor();
      await accessible(page, 'handover-offers');
      await offer.locator('.primary').click();
      const run = page.locator('[data-test=moved] .runs .chip.green');
      await run.waitFor();
      assert.equal(await page.locator('[data-test=offers]').count(), 0);
      await page.locator('[data-test=moved] .runs button:has-text("撤销移交")').first().click();
      await page.locator('[data-test=moved] .runs .chip.gray').first().waitFor();
      await enter(page, 'chenlei');
      await page.goto('/access');
      await page.setViewportSize({ width: 390, height: 844 });
      await page.locator('[data-test=former] form').waitFor();
      await accessible(page, 'former-records-narrow');
    } finally {
      await back();
    }
  }));

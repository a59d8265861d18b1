// People imported from a directory server (slapd): proposed and approved, read, looked at, applied; who has gone is suspended where ticked.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { base, person, secret, Slapd, unit } from '../api/slapd.mjs';
import { api, enter, settled, shot, test, violations, visit } from './browser.mjs';

const staff = `ou=staff,${base}`;
const east = `ou=华东,${staff}`;
let slapd;

before(async () => {
  slapd = new Slapd([
    unit(staff, 'staff'),
    unit(east, '华东'),
    person(`uid=lanqi,${east}`, 'lanqi', '蓝琪', { title: '经理' }),
    person(`uid=hongbo,${staff}`, 'hongbo', '洪波'),
    person(`uid=admin,${staff}`, 'admin', '目录里的管理员'),
    person(`uid=turned,${staff}`, 'turned', 'ab\u202ecd'),
  ]);
  await slapd.start();
});
after(() => slapd?.stop());

async function propose(page) {
  await enter(page, 'admin');
  await page.goto('/directories');
  await page.click('.page-head .btn.primary');
  await page.click('[data-preset=ad]');
  assert.equal(await page.inputValue('#dir-a-id'), 'objectGUID');
  await page.click('[data-preset=openldap]');
  await page.fill('#dir-name', '集团目录');
  await page.fill('#dir-host', '127.0.0.1');
  await page.fill('#dir-port', String(slapd.port));
  await page.fill('#dir-ca', slapd.ca);
  await page.fill('#dir-networks', '127.0.0.0/8');
  await page.fill('#dir-bind', `cn=reader,${base}`);
  await page.fill('#dir-people', staff);
  await page.fill('#dir-units', staff);
  await page.fill('#dir-filter', 'uid=*');
  await page.fill('#dir-reason', '接入集团目录');
  await page.click('.kd-modal [type=submit]');
  await page.waitForSelector('#dir-filter[aria-invalid=true]'); // what is wrong is said where it is
  await page.fill('#dir-filter', '(objectClass=inetOrgPerson)');
  await settled(page);
  assert.deepEqual(await violations(page, '.kd-modal'), []);
  await shot(page, 'directory-form');
  await page.click('.kd-modal [type=submit]');
  await page.locator('.kd-modal').waitFor({ state: 'detached' });
}
async function approve(page) {
  await enter(page, 'security');
  await page.goto('/people?tab=proposals');
  const asked = page.locator('li.card', { hasText: '接入集团目录' });
  await asked.waitFor();
  assert.match(await asked.innerText(), /LDAPS（一开始就加密）[^]*编号（永不改变）：entryUUID/);
  await settled(page);
  await shot(page, 'directory-proposal');
  await asked.locator('.primary').click();
  await page.click('.kd-modal footer .primary');
  await page.locator('.kd-modal').waitFor({ state: 'detached' });
}
const names = (page) => page.$$eval('[data-entry]', (all) => all.map((one) => one.dataset.entry));
async function show(page, effect) {
  await page.click(`[data-effect=${effect}]`);
  await page.waitForSelector(`[data-effect=${effect}][aria-pressed=true]`);
  await settled(page);
}

test('a directory is proposed, approved, read, looked at and imported; who has gone from it is suspended where ticked', () =>
  visit({}, async (page) => {
    await propose(page);
    await approve(page);
    await enter(page, 'admin');
    await page.goto('/directories');
    await page.click('[data-password]');
    await page.fill('#directory-password', secret);
    await page.click('.kd-modal [type=submit]');
    await settled(page);
    await shot(page, 'directories');
    await page.click('li.card a.btn');
    await page.click('[data-read]');
    await page.waitForSelector('[data-entry=hongbo]');
    assert.deepEqual((await names(page)).sort(), ['hongbo', 'lanqi', '华东'].sort());
    assert.match(await page.innerText('[data-entry=lanqi]'), /姓名：\s*蓝琪[^]*部门：[^]*华东/); // what is new of him
    await settled(page);
    assert.deepEqual(await violations(page, 'main'), []);
    await shot(page, 'directory-added');
    await show(page, 'refused');
    const refused = await page.innerText('main ul.card');
    assert.match(refused, /admin[^]*三员/);
    assert.match(refused, /变向字符/);
    await shot(page, 'directory-refused');
    await page.click('[data-import]');
    await settled(page);
    await shot(page, 'directory-apply');
    await page.click('[role=alertdialog] .primary');
    await page.waitForSelector('[data-nothing]');
    const { body } = await api(page, 'GET', '/people?q=lanqi');
    assert.equal(body.items[0].document.name, '蓝琪');

    slapd.change(
      `dn: uid=hongbo,${staff}\nchangetype: delete\n\ndn: uid=lanqi,${east}\nchangetype: modify\nreplace: title\ntitle: 总监\n-\nreplace: cn\ncn: 蓝琪琪\n`,
    );
    await page.click('[data-read]');
    await page.waitForSelector('[data-effect=changed][aria-pressed=true]');
    assert.match(
      await page.innerText('[data-entry=lanqi]'),
      /姓名：\s*蓝琪 → 蓝琪琪[^]*职务（目录）：\s*经理 → 总监/,
    );
    await settled(page);
    assert.deepEqual(await violations(page, 'main'), []);
    await shot(page, 'directory-changed');
    await show(page, 'gone');
    await page.click('main ul.card input');
    await settled(page);
    await shot(page, 'directory-gone');
    await page.click('[data-import]');
    await page.click('[role=alertdialog] .primary.danger');
    await page.waitForSelector('[data-nothing]');
    assert.equal((await api(page, 'GET', '/people?q=hongbo')).body.items[0].document.disabled, true);
  }));

/* Each set by two as the page would, then by hand. */
async function made(page, changes) {
  const document = (more) => ({
    name: 'x',
    enabled: true,
    host: '127.0.0.1',
    port: slapd.port,
    security: 'ldaps',
    ca: slapd.ca,
    networks: ['127.0.0.0/8'],
    bind_dn: `cn=reader,${base}`,
    people_base: staff,
    people_filter: '(objectClass=inetOrgPerson)',
    attributes: { id: 'entryUUID', login: 'uid', name: 'cn' },
    department_by: 'none',
    ...more,
  });
  await enter(page, 'admin');
  const asked = [];
  for (const more of changes) {
    const change = { directory: 0, document: document(more) };
    const { body } = await api(page, 'POST', '/proposals', { kind: 'ldap', reason: '出错的目录', change });
    asked.push(body.id);
  }
  await enter(page, 'security');
  for (const id of asked) await api(page, 'POST', `/proposals/${id}/decide`, { approve: true });
  await enter(page, 'admin');
  const { body } = await api(page, 'GET', '/ldap/directories');
  return changes.map((more) => body.directories.find((d) => d.document.name === more.name).id);
}
const wrong = [
  { name: 'away', port: 9, why: /无法连接[^]*请核对主机、端口/ },
  { name: 'untrusted', ca: undefined, why: /证书不可信[^]*请核对/ },
  { name: 'base', people_base: `ou=none,${base}`, why: /没有这个起点[^]*请核对/ },
  { name: 'password', password: 'not it', every_hours: 24, why: /拒绝了绑定 DN 或密码[^]*重新设置密码/ },
];

test('what is wrong is said on the page, with what to do about it; a schedule says it in the list', () =>
  visit({ limit: 200 }, async (page) => {
    const ids = await made(
      page,
      wrong.map(({ why, password, ...document }) => document),
    );
    for (const [i, one] of wrong.entries()) {
      await api(page, 'POST', `/ldap/directories/${ids[i]}/secret`, { secret: one.password ?? secret });
      await page.goto(`/directories/${ids[i]}`);
      await page.click('[data-read]');
      assert.match(await page.innerText('[role=alert]'), one.why);
      await settled(page);
      await shot(page, `directory-error-${one.name}`);
      assert.deepEqual(await violations(page, 'main'), []);
    }
    const chip = page.locator(`[data-directory="${ids.at(-1)}"] .chip.amber`, {
      hasText: '拒绝了读取账号或密码',
    });
    while (!(await chip.count())) {
      await page.goto('/directories');
      await page.waitForSelector('li.card');
    }
    await settled(page);
    await shot(page, 'directories-errors');
  }));

test('the other administrators see the directories and read none', () =>
  visit({ language: 'en', theme: 'dark', phone: true }, async (page) => {
    await enter(page, 'auditor');
    await page.goto('/directories');
    await page.waitForSelector('li.card');
    assert.equal(await page.locator('li.card .btn').count(), 0);
    await settled(page);
    await shot(page, 'directories-en-phone');
  }));

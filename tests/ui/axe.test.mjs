import assert from 'node:assert/strict';
import { enter, masked, openFirst, openList, settled, shot, test, violations, visit } from './browser.mjs';

async function audit(page, name) {
  await settled(page);
  const found = await violations(page);
  await shot(page, name);
  assert.deepEqual(found, [], name);
}

const PAGES = [
  ['home', 'sales', (page) => page.goto('/')],
  ['list', 'sales', (page) => openList(page)],
  ['masked-list', 'service', (page) => openList(page)],
  [
    'no-results',
    'sales',
    async (page) => {
      await page.goto('/o/customer?f=' + encodeURIComponent('["name","starts_with","没有这样的名字"]'));
      await page.waitForSelector('.state');
    },
  ],
  [
    'panel',
    'service',
    async (page) => {
      await openList(page);
      await page.click('tbody tr:nth-child(2) td:nth-child(3)');
      await page.waitForSelector('aside.panel dl.facts');
    },
  ],
  [
    'reveal',
    'service',
    async (page) => {
      await page.goto(`/o/customer/${await masked(page)}`);
      await page.click('.facts .reveal >> nth=0');
      await page.waitForSelector('.kd-modal');
    },
  ],
  [
    'filter',
    'sales',
    async (page) => {
      await openList(page);
      await page.click('.filters .add');
      await page.selectOption('#filter-field', 'grade');
    },
  ],
  [
    'columns',
    'sales',
    async (page) => {
      await openList(page);
      await page.click('.head .btn:has(svg) >> nth=1');
    },
  ],
  [
    'record',
    'sales',
    async (page) => {
      await openList(page);
      await openFirst(page, 1);
    },
  ],
  [
    'record-history',
    'sales',
    async (page) => {
      await openList(page);
      await openFirst(page, 1);
      await page.click('#tab-history');
    },
  ],
  [
    'record-related',
    'sales',
    async (page) => {
      await openList(page);
      await openFirst(page, 1);
      await page.click('#tab-related');
    },
  ],
  [
    'create',
    'sales',
    async (page) => {
      await page.goto('/o/customer/new');
      await page.waitForSelector('#f-name');
      await page.fill('#f-mobile', '12');
      await page.click('.record-form button[type=submit]');
    },
  ],
  ['bin', 'sales', (page) => page.goto('/o/customer/bin')],
  [
    'palette',
    'sales',
    async (page) => {
      await openList(page);
      await page.keyboard.press('Control+k');
      await page.waitForSelector('[role=combobox]');
    },
  ],
  [
    'shortcuts',
    'sales',
    async (page) => {
      await openList(page);
      await page.keyboard.press('?');
      await page.waitForSelector('.kd-modal');
    },
  ],
  ['imports', 'sales', (page) => page.goto('/imports')],
  ['import-wizard', 'sales', (page) => page.goto('/imports/new')],
  ['audit', 'auditor', (page) => page.goto('/audit')],
  ['trail', 'sales', (page) => page.goto('/trail')],
  ['sessions', 'sales', (page) => page.goto('/sessions')],
  ['keys', 'sales', (page) => page.goto('/keys')],
  ['conflicts', 'steward', (page) => page.goto('/conflicts')],
  ['keys-all', 'security', (page) => page.goto('/keys')],
  ['provisioning', 'admin', (page) => page.goto('/provisioning')],
  ['password', 'sales', (page) => page.goto('/password')],
  ['missing', 'sales', (page) => page.goto('/nowhere')],
  [
    'user-menu',
    'sales',
    async (page) => {
      await openList(page);
      await page.click('.user');
    },
  ],
];

const LOOKS = process.env.KEDUN_AXE_ALL
  ? [
      ['zh', 'light'],
      ['zh', 'dark'],
      ['en', 'light'],
      ['en', 'dark'],
    ]
  : [
      ['zh', 'light'],
      ['en', 'dark'],
    ];

for (const [language, theme] of LOOKS) {
  {
    test(`every page is accessible: ${language}, ${theme}`, async (t) => {
      const look = { language, theme, limit: 10 }; // ten rows have the faults of fifty
      await t.test('sign-in', () =>
        visit(look, async (page) => {
          await page.goto('/sign-in');
          await audit(page, `sign-in-${language}-${theme}`);
        }),
      );
      for (const role of [...new Set(PAGES.map((p) => p[1]))]) {
        await visit(look, async (page) => {
          await enter(page, role);
          for (const [name, , open] of PAGES.filter((p) => p[1] === role)) {
            await t.test(name, async () => {
              await open(page);
              await audit(page, `${name}-${language}-${theme}`);
            });
          }
        });
      }
    });
  }
}

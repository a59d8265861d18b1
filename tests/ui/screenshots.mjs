/* The README's pictures: wide and phone-wide, both languages, light and dark. */
import { join } from 'node:path';
import { closeBrowser, enter, openFirst, openList, openPage, settled } from './browser.mjs';

const out = process.argv[2] ?? '.';
const PICTURES = [
  ['list', { language: 'zh' }, 'sales', openList],
  [
    'masked-en',
    { language: 'en', theme: 'dark' },
    'service',
    async (page) => {
      await openList(page);
      await page.click('tbody tr:nth-child(3) td:nth-child(3)');
      await page.waitForSelector('aside.panel dl.facts');
    },
  ],
  [
    'reveal',
    { language: 'zh' },
    'service',
    async (page) => {
      await openList(page);
      await openFirst(page, 2);
      await page.click('.facts .reveal >> nth=0');
      await page.waitForSelector('.kd-modal');
    },
  ],
  [
    'record',
    { language: 'zh' },
    'sales',
    async (page) => {
      await page.goto('/o/customer?sort=-annual_amount');
      await page.waitForSelector('tbody tr[data-id]');
      // The customer with the largest sales has the fullest story; nulls stand last.
      await openFirst(page, 1);
      await page.waitForSelector('.timeline li');
    },
  ],
  ['audit', { language: 'zh' }, 'auditor', (page) => page.goto('/audit')],
  ['conflicts', { language: 'en' }, 'steward', (page) => page.goto('/conflicts')],
  ['import', { language: 'en' }, 'sales', (page) => page.goto('/imports/new?object=customer')],
  ['phone-list', { language: 'zh', phone: true }, 'sales', openList],
  [
    'phone-record',
    { language: 'zh', phone: true, theme: 'dark' },
    'service',
    async (page) => {
      await openList(page);
      await page.click('.cards li:nth-child(2) a');
      await page.waitForSelector('.fact-card dl.facts');
    },
  ],
];

for (const [name, look, role, open] of PICTURES) {
  const { page, context } = await openPage(look);
  await enter(page, role);
  try {
    await open(page);
  } catch (error) {
    console.error(`${name}: ${error.message.split('\n')[0]}`);
  }
  await settled(page);
  await page.screenshot({ path: join(out, `${name}.png`) });
  await context.close();
}
await closeBrowser();

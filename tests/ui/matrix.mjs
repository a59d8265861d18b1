/* The pages of policies as a security administrator clicks through them. */
import { enter, settled } from './browser.mjs';

export const cell = (page, name) => page.locator(`[data-cell="${name}"]`);

export async function openMatrix(page, role) {
  await enter(page, 'security');
  await page.goto('/policies');
  await page.waitForSelector('[data-cell="customer.list"]');
  await page.selectOption('#policy-role', role);
  await settled(page);
}

/* The dialog of a change has gone, and what is asked for after it has come. */
export async function done(page) {
  await page.locator('.kd-modal').waitFor({ state: 'detached' });
  await settled(page);
}

/* From the list of versions: the one before the newest, proposed by one and approved by the other. */
export async function rollBack(page) {
  await page.click('#tab-versions');
  await page.locator('.version').nth(1).locator('button:has-text("回退到此版")').click();
  await page.waitForSelector('[data-test=verdict].warn');
  await page.locator('.kd-modal footer .primary').click();
  await done(page);
  await enter(page, 'security2');
  await page.goto('/policies');
  await page.click('#tab-proposals');
  const waiting = page.locator('.version').first();
  await waiting.locator('.primary').click();
  await waiting.waitFor({ state: 'detached' });
}

/* A browser that behaves like a stranger's: fresh profile, no caches, every page error and CSP refusal noted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { people } from './people.mjs';

export const BASE = process.env.KEDUN_URL ?? 'https://localhost:8443';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'kedun-ui-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    env: { ...process.env, HOME: profile },
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/* A page of its own session. `notes` collects what a console would show as an error. */
export async function openPage(browser, { language = 'zh', theme = 'light', phone = false } = {}) {
  const context = await browser.newContext({
    baseURL: BASE,
    ignoreHTTPSErrors: true,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    acceptDownloads: true,
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    ...(phone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
  });
  await context.addInitScript(
    ([lang, look]) => {
      if (!localStorage.getItem('kedun.look')) {
        localStorage.setItem('kedun.look', JSON.stringify({ language: lang, theme: look }));
      }
    },
    [language, theme],
  );
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  const notes = [];
  page.on('pageerror', (error) => notes.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // A refusal that a test provokes shows as a failed resource; everything else is a fault.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) notes.push(text);
  });
  return { context, page, notes };
}

export async function signIn(page, role) {
  const { login, password } = people[role];
  await page.goto('/sign-in');
  await page.fill('#login', login);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
  await page.waitForSelector('.shell');
}

export async function openList(page, object = 'customer') {
  await page.goto(`/o/${object}`);
  await page.waitForSelector('tbody tr[data-id], .cards li a, .state');
}

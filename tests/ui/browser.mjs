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
  page.setDefaultTimeout(45000);
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

/* A call of the API as the page's own session makes it: to learn what the page should show. */
export async function api(page, method, path, body) {
  return page.evaluate(
    async ([verb, where, content]) => {
      const me = await (await fetch('/api/v1/me')).json();
      const response = await fetch(`/api/v1${where}`, {
        method: verb,
        headers: {
          'Content-Type': 'application/json',
          'X-CSRF-Token': me.csrf,
          'Idempotency-Key': Math.random().toString(36).slice(2),
        },
        body: content === undefined ? undefined : JSON.stringify(content),
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body],
  );
}

/* Opens a browser and a page for a test, hands it over, and holds the page to what every page must keep. */
export async function visit(options, act) {
  const { browser, close } = await openBrowser();
  try {
    const { page, context, notes } = await openPage(browser, options);
    await act(page, { browser, context });
    if (notes.length) throw new Error(`the console is not silent: ${notes.join(' | ').slice(0, 800)}`);
  } finally {
    await close();
  }
}

export async function shot(page, name) {
  if (process.env.KEDUN_SHOTS) await page.screenshot({ path: join(process.env.KEDUN_SHOTS, `${name}.png`) });
}
export async function rows(page) {
  await page.waitForFunction(() => !document.querySelector('.records[aria-busy=true]'));
  return page.$$eval('tbody tr[data-id]', (all) =>
    all.map((tr) => ({ id: tr.dataset.id, text: tr.innerText })),
  );
}
export async function search(page, text) {
  await page.fill('[data-search]', text);
  const done = page.waitForResponse((r) => r.url().endsWith('/query'));
  await page.press('[data-search]', 'Enter');
  await (await done).finished();
  await page.waitForTimeout(300); // the answer has come; the table draws it
}
export async function openFirst(page, n = 1) {
  await page.click(`tbody tr:nth-child(${n}) a.title`);
  await page.waitForSelector('.fact-card dl.facts');
}

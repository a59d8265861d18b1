/* A browser that behaves like a stranger's: fresh profile, no caches, every page error and CSP refusal noted. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as run } from 'node:test';
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

const tokens = new WeakMap(); // a context's token for writes
const underWay = new WeakMap(); // a page's open requests
let shared = null; // the run's one Chromium: { browser, profile }, or the promise of it
let waiting = 0; // tests that are registered and not yet done

async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'kedun-ui-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    env: { ...process.env, HOME: profile },
  });
  return { browser, profile };
}

/* The browser of the run. It starts once; each visit has a context (profile) of its own in it. */
export async function openBrowser() {
  shared ??= launch();
  return (await shared).browser;
}

export async function closeBrowser() {
  if (!shared) return;
  const { browser, profile } = await shared;
  shared = null;
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

/* node's test, after the last of which the browser closes: an open one would keep the run from ending. */
export function test(name, act) {
  waiting++;
  run(name, { timeout: 180000 }, async (t) => {
    try {
      await act(t);
    } finally {
      if (--waiting === 0) await closeBrowser();
    }
  });
}

/* A page of its own session. `notes` collects what a console would show as an error. */
export async function openPage({ language = 'zh', theme = 'light', phone = false, limit = 50 } = {}) {
  const context = await (await openBrowser()).newContext({
    baseURL: BASE,
    ignoreHTTPSErrors: true,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    acceptDownloads: true,
    reducedMotion: 'reduce',
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    ...(phone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
  });
  await context.addInitScript(
    (look) => {
      if (!localStorage.getItem('kedun.look')) {
        localStorage.setItem('kedun.look', JSON.stringify(look));
      }
    },
    { language, theme, limit },
  );
  const page = await context.newPage();
  page.setDefaultTimeout(45000);
  const notes = [];
  const asked = new Set(); // requests without an answer so far; a stream of events never has one
  underWay.set(page, asked);
  page.on('request', (one) => one.resourceType() !== 'eventsource' && asked.add(one));
  page.on('requestfinished', (one) => asked.delete(one));
  page.on('requestfailed', (one) => asked.delete(one));
  page.on('pageerror', (error) => notes.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // A refusal that a test provokes shows as a failed resource; everything else is a fault.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) notes.push(text);
  });
  return { context, page, notes };
}

/* Signs a page's context in by the API, as fast as it goes; the page itself stays where it is. */
export async function enter(page, role) {
  const { login, password } = people[role];
  const answer = await page.request.post('/api/v1/session', { data: { login, password } });
  if (!answer.ok()) throw new Error(`${role} was not let in: ${answer.status()}`);
  tokens.set(page.context(), (await answer.json()).csrf);
}

/* Signs in as a person does, through the form. */
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
  await settled(page); // the count comes after the rows
}

/* A call of the API with the page's own session: to learn what the page should show. */
export async function api(page, method, path, body, headers = {}) {
  const context = page.context();
  if (!tokens.has(context)) tokens.set(context, (await (await page.request.get('/api/v1/me')).json()).csrf);
  const answer = await page.request.fetch(`/api/v1${path}`, {
    method,
    headers: { 'X-CSRF-Token': tokens.get(context), 'Idempotency-Key': randomUUID(), ...headers },
    data: body,
  });
  const text = await answer.text();
  return { status: answer.status(), body: text ? JSON.parse(text) : null };
}

/* Opens a page in a fresh context for a test, hands it over, and holds it to what every page must keep. */
export async function visit(options, act) {
  const { page, context, notes } = await openPage(options);
  try {
    await act(page, context);
    if (notes.length) throw new Error(`the console is not silent: ${notes.join(' | ').slice(0, 800)}`);
  } finally {
    await context.close();
  }
}

/* One look at a page: it is drawn, and nothing on it is marked busy or moves. */
function atRest(page) {
  return page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame(); // what was just done has been drawn, and its questions have been sent
    return (
      !!document.querySelector('#app main') && // else the page is empty: its scripts are in, but not yet run
      !document.querySelector('[aria-busy=true]') &&
      document.getAnimations().every((one) => one.playState !== 'running')
    );
  });
}

/* Waits until nothing is under way: no answer outstanding, the page at rest, and all that still so at a second look. */
export async function settled(page) {
  const end = Date.now() + 30000;
  const asked = underWay.get(page);
  for (let calm = 0; calm < 2; ) {
    const quiet = asked.size === 0;
    calm = (await atRest(page)) && quiet && asked.size === 0 ? calm + 1 : 0;
    if (Date.now() > end) throw new Error('the page does not come to rest');
  }
}

/* What axe finds within `where`, as lines to read. */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export async function violations(page, where) {
  await page.evaluate(axe); // the policy refuses inline scripts, so the tool comes through the debugger
  return page.evaluate(async (at) => {
    const { violations: found } = await window.axe.run(at ?? document, {
      resultTypes: ['violations'],
      preload: false, // no style sheet comes from elsewhere
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    const nodes = (v) => v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.failureSummary?.split('\n')[1] ?? ''}`);
    return found.map((v) => `${v.id}: ${nodes(v).join(' | ')}`);
  }, where);
}

export async function shot(page, name) {
  if (process.env.KEDUN_SHOTS) await page.screenshot({ path: join(process.env.KEDUN_SHOTS, `${name}.png`) });
}
export async function rows(page) {
  await page.waitForSelector('.records:not([aria-busy=true]), .cards:not([aria-busy=true]), .state');
  return page.$$eval('tbody tr[data-id]', (all) =>
    all.map((tr) => ({ id: tr.dataset.id, text: tr.innerText })),
  );
}
export async function search(page, text) {
  await page.fill('[data-search]', text);
  const answered = page.waitForResponse((one) => one.url().endsWith('/query'));
  await page.press('[data-search]', 'Enter');
  await answered;
  await settled(page);
}
/* A record in which the page's own user finds a masked mobile: the newest ones may have none. */
export async function masked(page, object = 'customer') {
  const { body } = await api(page, 'POST', `/records/${object}/query`, { limit: 100, fields: ['mobile'] });
  return body.items.find((row) => row.mobile && row._views?.mobile === 'masked').id;
}
export async function openFirst(page, n = 1) {
  await page.click(`tbody tr:nth-child(${n}) a.title`);
  await page.waitForSelector('.fact-card dl.facts');
  await settled(page);
}

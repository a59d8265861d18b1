import assert from 'node:assert/strict';
import { enter, openList, settled, test, visit } from './browser.mjs';

test('the first load of the list page stays under 300 KB on the wire', () =>
  visit({}, async (page, context) => {
    await enter(page, 'sales');
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.enable');
    await cdp.send('Network.clearBrowserCache');
    let bytes = 0;
    const parts = new Map();
    cdp.on('Network.responseReceived', (e) => parts.set(e.requestId, e.response.url));
    cdp.on('Network.loadingFinished', (e) => {
      if (!parts.get(e.requestId)?.includes('/api/')) bytes += e.encodedDataLength;
    });
    await openList(page);
    await settled(page);
    console.log(`# first load of the list page: ${(bytes / 1024).toFixed(1)} KB in ${parts.size} answers`);
    assert.ok(bytes > 20 * 1024 && bytes < 300 * 1024, `${bytes} bytes`);
  }));

test('answers with personal data are kept nowhere', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    const answers = [];
    page.on('response', (r) => r.url().includes('/records/') && answers.push(r));
    await openList(page);
    assert.ok(answers.length > 0);
    for (const answer of answers) assert.match(answer.headers()['cache-control'] ?? '', /no-store/);
    assert.deepEqual(
      await page.evaluate(async () => (await navigator.serviceWorker?.getRegistrations())?.length ?? 0),
      0,
    );
    assert.deepEqual(await page.evaluate(async () => caches.keys()), []);
  }));

test('the page names the viewer over its data', () =>
  visit({}, async (page) => {
    await enter(page, 'sales');
    await openList(page);
    assert.match(await page.$eval('.watermark', (e) => e.style.backgroundImage), /^url\("data:image\/png/);
  }));

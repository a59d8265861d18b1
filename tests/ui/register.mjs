/* The register of high-risk acts of the demo company, as a test wants it. */
import assert from 'node:assert/strict';
import { api, enter } from './browser.mjs';

/* By the API; what asks less by two. */
export async function register(page, high_risk) {
  await enter(page, 'security');
  const { company } = (await api(page, 'GET', '/sign-in')).body;
  const document = { ...company, high_risk };
  if ((await api(page, 'PATCH', '/company', document)).status === 204) return;
  const asked = await api(page, 'POST', '/proposals', {
    kind: 'registry', reason: '试验之后恢复', change: { items: [{ kind: 'company', id: 1, document }] },
  });
  assert.equal(asked.status, 201, JSON.stringify(asked.body));
  await enter(page, 'security2');
  assert.equal((await api(page, 'POST', `/proposals/${asked.body.id}/decide`, { approve: true })).status, 200);
}

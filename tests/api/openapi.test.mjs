import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from './client.mjs';
import { root, Server } from './server.mjs';

let server;
before(async () => (server = await new Server().start()));
after(() => server.stop());
const describe = async (login) => ok(await (await server.as(login)).get('/api/v1/openapi.json'));

test('the description is OpenAPI 3.1 and holds together', async () => {
  const doc = await describe('sales1');
  assert.match(doc.openapi, /^3\.1\./);
  assert.ok(doc.info.title && doc.info.version);
  const ids = new Set();
  for (const [path, item] of Object.entries(doc.paths)) {
    assert.match(path, /^\//);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    for (const [method, op] of Object.entries(item)) {
      assert.ok(['get', 'post', 'put', 'patch', 'delete'].includes(method), method);
      assert.ok(op.operationId && !ids.has(op.operationId), `${op.operationId} twice`);
      ids.add(op.operationId);
      assert.ok(op.summary);
      assert.deepEqual(op.parameters.filter((p) => p.in === 'path').map((p) => p.name), named);
      assert.ok(op.responses.default.content['application/problem+json']);
    }
  }
  for (const [, ref] of JSON.stringify(doc).matchAll(/"\$ref":"#\/([^"]+)"/g))
    assert.ok(ref.split('/').reduce((o, k) => o?.[k], doc), ref);
});

test('every route of the table is in it, and answers', async () => {
  const doc = await describe('sales1');
  const table = readFileSync(join(root, 'src/api/route_table.c'), 'utf8');
  const routes = [...table.matchAll(/\{"([A-Z]+)",\s*"([^"]+)"/g)];
  assert.ok(routes.length > 25);
  for (const [, method, path] of routes) assert.ok(doc.paths[path]?.[method.toLowerCase()], `${method} ${path}`);
  const c = await server.as('sales1');
  for (const [path, item] of Object.entries(doc.paths)) {
    if (!item.get || path.endsWith('/events')) continue;
    const a = await c.get(path.replace(/\{object\}/, 'customer').replace(/\{\w+\}/g, '019f0000-0000-7000-8000-000000000000'));
    assert.ok(a.status < 500, `${path}: ${a.status} ${a.text}`);
  }
});

test('objects and fields are those that the caller may know of', async () => {
  const names = async (login) => Object.keys((await describe(login)).components.schemas).filter((n) => n.startsWith('record_'));
  assert.ok((await names('sales1')).includes('record_customer'));
  assert.ok(!(await names('finance1')).includes('record_contact'));
  assert.ok(!(await names('auditor')).includes('record_customer'));
  const customer = (await describe('finance1')).components.schemas.record_customer.properties;
  assert.ok(customer.annual_amount && !customer.mobile);
  assert.deepEqual((await describe('service1')).components.schemas.record_customer.properties.mobile['x-view'], 'masked');
});

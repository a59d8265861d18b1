import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok, problem } from './client.mjs';
import { mobile, residentId } from './people.mjs';
import { password, root, Server } from './server.mjs';

let server, sales1, sales2, service;
const made = {};
const add = async (key, fields) => (made[key] = (await sales1.create('customer', fields)).id);
before(async () => {
  const company = join(tmpdir(), `kedun-search-company-${process.pid}.txt`);
  const mixed = { id: 40, login: 'mixed', name: '两岗', roles: ['sales', 'service'], department: 3, duties: [], manages: [], password };
  writeFileSync(company, `${readFileSync(join(root, 'tests/api/company.txt'), 'utf8')}user 40 ${JSON.stringify(mixed)}\n`);
  server = await new Server({ company }).start();
  [sales1, sales2, service] = await Promise.all(['sales1', 'sales2', 'service1'].map((l) => server.as(l)));
  await add('chongqing', { customer_type: 'company', name: '重庆长江科技有限公司', mobile: '13812345678', mail: 'info@changjiang.cn', uscc: '91500000MA5U000006' }).catch(() =>
    add('chongqing', { customer_type: 'company', name: '重庆长江科技有限公司', mobile: '13812345678', mail: 'info@changjiang.cn' }));
  await add('shan', { customer_type: 'person', person_name: '单田芳', mobile: '13912340001' });
  await add('dan', { customer_type: 'person', person_name: '李单', mobile: '13912340002', phone: '0571-88886666' });
  await add('ouyang', { customer_type: 'person', person_name: '欧阳震华', mobile: '13912340003', resident_id: residentId(321) });
  await add('latin', { customer_type: 'company', name: 'Ångström GmbH 阿尔法', mobile: '13912340004' });
  await add('other', { customer_type: 'company', name: '北京中关村贸易公司', mobile: '13612349999', address: '北京市海淀区中关村大街 27 号' });
});
after(() => server.stop());

const search = async (who, text) => (await who.query('customer', { search: text, limit: 50 })).items.map((i) => Object.keys(made).find((k) => made[k] === i.id)).sort();
const finds = async (text, ...keys) => assert.deepEqual(await search(sales1, text), keys.sort(), text);

test('a whole number in any spelling, its last four digits, a mail', async () => {
  for (const text of ['13812345678', '138 1234 5678', '+86 138-1234-5678', '008613812345678']) await finds(text, 'chongqing');
  await finds('5678', 'chongqing');
  await finds('0001', 'shan');
  await finds('info@changjiang.cn', 'chongqing');
  await finds('INFO@CHANGJIANG.CN', 'chongqing');
  await finds('0571-88886666', 'dan');
  await finds(residentId(321), 'ouyang');
  await finds('13800000000');
});

test('a fragment of a name, with the characters side by side', async () => {
  await finds('长江', 'chongqing');
  await finds('重庆长江', 'chongqing');
  await finds('庆长', 'chongqing');
  await finds('单', 'dan', 'shan');
  await finds('阳震', 'ouyang');
  await finds('中关村', 'other');
  await finds('长庆');
});

test('pinyin and its initials, with every reading of a character', async () => {
  await finds('chongqing', 'chongqing');
  await finds('zhongqing', 'chongqing');
  await finds('cqcj', 'chongqing');
  await finds('cq', 'chongqing');
  await finds('shan', 'shan', 'dan');
  await finds('dan', 'shan', 'dan');
  await finds('shantianfang', 'shan');
  await finds('ouyang', 'ouyang');
  await finds('oyzh', 'ouyang');
  await finds('OuYang', 'ouyang');
});

// Every pair of characters of 号1有 stands in 号11有 too, and those of 张三张三 in 张三张: what the index finds is looked at again.
test('what only has the same pairs of characters is not found, not counted and not suggested', async () => {
  const company = (name) => add(name, { customer_type: 'company', name, mobile: mobile() });
  const person = (name) => add(name, { customer_type: 'person', person_name: name, mobile: mobile() });
  for (const name of ['对面号11有限公司', '对面号1有限公司']) await company(name);
  for (const name of ['尚和尚', '和尚和']) await person(name);
  await company('尚和尚和商行');
  for (const [text, ...keys] of [['号1有', '对面号1有限公司'], ['号11有', '对面号11有限公司'], ['尚和尚和', '尚和尚和商行'], ['尚和尚', '尚和尚', '尚和尚和商行']]) {
    await finds(text, ...keys);
    const { items } = ok(await sales1.post('/api/v1/suggest', { text, limit: 20 }));
    assert.deepEqual(items.filter((i) => i.object === 'customer').map((i) => i.id).sort(), keys.map((k) => made[k]).sort(), text);
    const counted = await sales1.query('customer', { search: text, count: true, limit: 50 });
    assert.deepEqual(counted.count, { value: keys.length, at_least: false }, text);
  }
  const both = await sales1.query('customer', { search: '号1有', where: { field: 'name', op: 'contains', value: '对面号' }, count: true });
  assert.deepEqual(both.items.map((i) => i.name), ['对面号1有限公司']);
  assert.deepEqual((await sales1.query('customer', { where: { field: 'name', op: 'contains', value: '号1有' } })).items.map((i) => i.name), ['对面号1有限公司']);
  assert.deepEqual((await sales1.query('customer', { where: { field: 'person_name', op: 'contains', value: '和尚和' }, fields: ['status'] })).items.map((i) => [i.id, i.person_name]), [[made['和尚和'], undefined]], 'what was not asked for is not shown');
  const paged = await sales1.query('customer', { search: '尚和尚', sort: ['created_at'], limit: 2, count: true });
  assert.equal(paged.count.at_least, true);
  const rest = await sales1.query('customer', { search: '尚和尚', sort: ['created_at'], limit: 2, cursor: paged.next_cursor });
  assert.deepEqual([...paged.items, ...rest.items].map((i) => i.id), [made['尚和尚'], made['尚和尚和商行']]);
});

test('a fragment is exact wherever a filter may have it, and refused where it could not be', async () => {
  const contains = (field, value) => ({ field, op: 'contains', value });
  const found = async (where) => (await sales1.query('customer', { where, count: true, limit: 50 })).items.map((i) => i.id).sort();
  const wanted = (...keys) => keys.map((k) => made[k]).sort();
  assert.deepEqual(await found({ or: [contains('name', '号1有'), contains('person_name', '和尚和')] }), wanted('对面号1有限公司', '和尚和'));
  assert.deepEqual(await found({ and: [contains('name', '对面号'), { or: [contains('name', '号11有'), contains('person_name', '尚和尚和')] }] }), wanted('对面号11有限公司'));
  const refused = async (body) => problem(await sales1.post('/api/v1/records/customer/query', body), 422, 'fragment_place');
  for (const fragment of [contains('name', '号1有'), contains('person_name', '和尚和')]) {
    await refused({ where: { not: fragment } });
    await refused({ where: { or: [fragment, { field: 'status', op: 'eq', value: 'active' }] } });
    await refused({ where: { not: { or: [fragment] } } });
    await refused({ where: { or: [{ and: [fragment] }] } });
    await refused({ where: fragment, group_by: 'status' });
    await refused({ where: { and: Array.from({ length: 17 }, () => fragment) } });
    await refused({ where: { or: Array.from({ length: 17 }, () => fragment) } });
  }
  await refused({ search: '号1有', group_by: 'status' });
  // One term proves what it finds.
  assert.ok((await found({ or: [contains('name', '对面'), { field: 'status', op: 'eq', value: 'no' }] })).length >= 2);
  assert.ok(!(await found({ and: [contains('name', '有限'), { not: contains('name', '对面') }] })).includes(made['对面号1有限公司']));
  ok(await sales1.post('/api/v1/records/customer/query', { where: contains('name', '对面'), group_by: 'status' }));
});

test('a masked name is not found by what stands in it, not even beside a field that is clear', async () => {
  await add('beside', { customer_type: 'person', name: '对面号22有限公司', person_name: '号2有', mobile: mobile() });
  assert.deepEqual(await search(sales1, '号2有'), ['beside']);
  // Who sees own customers clear and others masked: the index may look for a name, this row may not be found by it.
  const mixed = await server.as('mixed');
  assert.deepEqual(await search(mixed, '号22有'), ['beside'], 'by the name that is clear');
  assert.deepEqual(await search(mixed, '号2有'), []);
  made.own = (await mixed.create('customer', { customer_type: 'person', person_name: '号2有', mobile: mobile() })).id;
  assert.deepEqual(await search(mixed, '号2有'), ['own']);
  assert.deepEqual(await search(service, '号2有'), []);
  assert.deepEqual(ok(await service.post('/api/v1/suggest', { text: '号2有' })).items, []);
  assert.equal((await service.query('customer', { search: '号2有', count: true })).count.value, 0);
});

test('Latin names are found without regard to case', async () => {
  await finds('gmbh', 'latin');
  await finds('阿尔法', 'latin');
});

test('a search finds nothing beyond the caller’s records', async () => {
  assert.deepEqual(await search(sales2, '13812345678'), []);
  assert.deepEqual(await search(sales2, '重庆'), []);
});

test('who sees a field masked finds by the whole number or its visible ending, not by fragments of a person’s name', async () => {
  assert.deepEqual(await search(service, '13812345678'), ['chongqing']);
  assert.deepEqual(await search(service, '5678'), ['chongqing']);
  assert.deepEqual(await search(service, '单田'), []);
  assert.deepEqual(await search(service, '重庆'), ['chongqing'], 'a company’s name is internal: clear');
  assert.deepEqual(await search(service, residentId(321)), [], 'a hidden field');
});

test('an odd search is refused or finds nothing, never breaks', async () => {
  for (const text of ['%', "'; drop table customer; --", '*', '\\', '"', '重'.repeat(64), '😀', 'a b c', '１３８１２３４５６７８'])
    ok(await sales1.post('/api/v1/records/customer/query', { search: text }));
  problem(await sales1.post('/api/v1/records/customer/query', { search: 'x'.repeat(65) }), 422, 'bad_filter');
  problem(await sales1.post('/api/v1/records/customer/query', { search: '   ' }), 422, 'bad_filter');
  await finds('１３８１２３４５６７８', 'chongqing');
  for (const text of ['b', 'd', '5', '-'])
    assert.equal((await sales1.query('customer', { search: text, count: true, sort: ['name'] })).count.at_least, false, text);
});

test('suggestions follow the same rules and show titles as the caller sees them', async () => {
  const mine = ok(await sales1.post('/api/v1/suggest', { text: '重庆' })).items;
  assert.ok(mine.some((i) => i.object === 'customer' && i.id === made.chongqing && i.title.startsWith('重庆长江')));
  assert.deepEqual(ok(await sales2.post('/api/v1/suggest', { text: '重庆' })).items, []);
  const masked = ok(await service.post('/api/v1/suggest', { text: '13912340001' })).items;
  assert.equal(masked.length, 1);
  assert.match(masked[0].title, /\*/);
  problem(await sales1.post('/api/v1/suggest', {}), 422, 'bad_filter');
  assert.deepEqual(ok(await (await server.as('auditor')).post('/api/v1/suggest', { text: '重庆' })).items, []);
});

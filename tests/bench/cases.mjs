// The cases: what is asked of the product by whom, and the same of the floor. Each makes two lists of requests
// [method, path, body]; both servers find the same number of rows.
export const FIELDS = 'name,customer_type,person_name,mobile,address,mail,industry,region,status,grade,annual_amount,created_at';
const LIST = `/api/v1/records/customer?limit=50&fields=${FIELDS}`;
const QUERY = '/api/v1/records/customer/query';

// The demo company's people that the cases use, and their scopes in the floor.
export const actors = { service: 'branch:10', sales: 'owner:13' };

const pick = (list) => list[Math.floor(Math.random() * list.length)];

async function ok(answer) {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text.slice(0, 300)}`);
  return answer.json;
}

// All pages by cursor, as far as `most` of them.
async function walk(client, most) {
  const cursors = [], items = [];
  let cursor;
  for (let i = 0; i < most; i++) {
    const page = await ok(await client.get(cursor ? `${LIST}&cursor=${cursor}` : LIST));
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor || page.items.length < 50) break;
    cursors.push(cursor);
  }
  return { cursors, items };
}

// Half by page number (to 200, or the last full page), half by cursor: both at random positions.
async function pages(client) {
  const { cursors } = await walk(client, 1000);
  const last = Math.min(200, cursors.length);
  return Array.from({ length: 2000 }, (_, i) =>
    ['GET', i % 2 ? `${LIST}&cursor=${pick(cursors)}` : `${LIST}&page=${1 + Math.floor(Math.random() * last)}`]);
}

async function details(client) {
  const { items } = await walk(client, 100);
  return Array.from({ length: 2000 }, () => ['GET', `/api/v1/records/customer/${pick(items).id}`]);
}

const question = (field, op, value) => ['POST', QUERY, JSON.stringify({ where: { field, op, value }, fields: FIELDS })];

async function mobiles(client) {
  const { items } = await walk(client, 40);
  return items.map((i) => i.mobile).filter((m) => m);
}

// Endings of numbers that are there; of a masked one its last four digits show.
const endings = async (client) => (await mobiles(client)).map((m) => question('mobile', 'ends_with', m.slice(-4)));

// A third 有限公司, a tenth single characters, the rest two or three characters out of some company's name.
async function fragments(client) {
  const { items } = await walk(client, 40);
  const names = items.map((i) => i.name).filter((n) => n?.length > 5);
  const piece = (n) => {
    const name = pick(names), at = Math.floor(Math.random() * (name.length - n - 4));
    return name.slice(at, at + n).trim() || '有限公司';
  };
  const character = () => { // a single letter or digit is too short to be looked for; a single character is not
    const one = piece(1);
    return /\p{Script=Han}/u.test(one) ? one : pick([...'杭州市贸易科技商']);
  };
  return Array.from({ length: 1000 }, (_, i) =>
    question('name', 'contains', i % 10 < 3 ? '有限公司' : i % 10 === 3 ? character() : piece(2 + i % 2)));
}

const newcomer = JSON.stringify({
  name: '杭州@N@测试有限公司', customer_type: 'company', person_name: '张三', mobile: '1@N@', address: '浙江省杭州市西湖区文三路1号',
  mail: 'a@N@@example.cn', status: 'prospective',
});

export const cases = {
  page: { actor: 'service', unit: 'pages/s', what: '50 customers x 12 columns, 4 sealed and masked, branch scope, random positions', product: pages, floor: pages },
  sales: { actor: 'sales', unit: 'pages/s', what: "the same for a salesperson's own customers, sealed columns clear", product: pages, floor: pages },
  detail: { actor: 'service', unit: 'records/s', what: 'one customer by id, all its fields', product: details, floor: details },
  search: {
    actor: 'sales', unit: 'searches/s', what: 'one customer by the whole mobile number',
    product: async (c) => (await mobiles(c)).map((m) => question('mobile', 'eq', m)),
    floor: async (c) => (await mobiles(c)).map((m) => question('mobile', 'eq', m)),
  },
  last4: { actor: 'service', unit: 'searches/s', what: "the branch's customers by the last four digits of the mobile number", product: endings, floor: endings },
  fragment: { actor: 'service', unit: 'searches/s', what: 'customers whose name holds a text: 30 % 有限公司, 10 % one character, 60 % two or three', product: fragments, floor: fragments },
  create: {
    actor: 'sales', unit: 'records/s', what: 'one customer with 4 sealed fields, durable and recorded',
    product: async () => [['POST', '/api/v1/records/customer', newcomer]],
    floor: async () => [['POST', '/api/v1/records/customer', newcomer]],
  },
};

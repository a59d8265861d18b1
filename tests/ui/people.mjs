/* The demo company's people, each the face of a role; they share one password that the demo prints. */
const password = process.env.KEDUN_DEMO_PASSWORD ?? 'demo-password';
const faces = [
  'admin',
  'security',
  'security2',
  'auditor',
  'boss',
  'head',
  'accounts',
  'marketing',
  'operations',
  'steward',
  'privacy',
  'leader',
  'manager',
  'sales',
  'chenlei',
  'service',
  'finance',
];

export const people = Object.fromEntries(faces.map((login) => [login, { login, password }]));

/* The demo company's people by what they are. */
const password = process.env.KEDUN_DEMO_PASSWORD ?? 'demo-password';

export const people = {
  sales: { login: 'sales', password },
  service: { login: 'service', password },
  finance: { login: 'finance', password },
  head: { login: 'head', password },
  auditor: { login: 'auditor', password },
};

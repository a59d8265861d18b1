/* Provisioning keys and their calls (docs/api.md). */
export interface ScimTerms {
  label: string;
  expires_at: string;
  networks?: string[];
  trusts_mail?: boolean;
  ends_a_day?: number;
}
export interface ScimKey {
  id: number;
  document: ScimTerms;
  by: number;
  drawn_at: number;
  used_at: number;
  ended_at: number;
}
export interface ScimCall {
  at: string;
  key: number;
  address: string;
  method: string;
  path: string;
  status: number;
  code: string;
}

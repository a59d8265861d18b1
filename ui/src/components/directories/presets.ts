/* What the usual kinds of directory servers call things (docs/ldap.md). */
export const PRESETS = {
  openldap: {
    people_filter: '(objectClass=inetOrgPerson)',
    attributes: {
      id: 'entryUUID',
      login: 'uid',
      name: 'cn',
      mail: 'mail',
      title: 'title',
      department: 'ou',
    },
  },
  ad: {
    // The last term leaves out disabled accounts.
    people_filter:
      '(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))',
    attributes: {
      id: 'objectGUID',
      login: 'sAMAccountName',
      name: 'displayName',
      mail: 'mail',
      title: 'title',
      department: 'department',
    },
  },
} as const;
export type PresetName = keyof typeof PRESETS;

/* People, departments and references come as {"id", …} and go back as the id alone. */
export const idOf = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && 'id' in value ? (value as { id: unknown }).id : value;

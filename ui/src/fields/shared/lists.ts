/* Keys of a multi-choice or tags, however they come: a list, or text joined by U+001F or commas. */
export function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (value === null || value === undefined || value === '') return [];
  return String(value)
    .split(/[\u001f,，]/)
    .filter(Boolean);
}

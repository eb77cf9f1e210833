/** Lines of `name: value`; the number that each value starts with. */
export function parseColonValues(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const value = parseInt(line.slice(colon + 1));
    if (colon > 0 && !Number.isNaN(value)) values.set(line.slice(0, colon), value);
  }
  return values;
}

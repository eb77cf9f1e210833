/**
 * Parses lines of `name value`: `/proc/vmstat`, and `memory.stat`, `memory.events`, `cpu.stat` of cgroups. Values
 * beyond 2^53 become the nearest double; lines of another form are left out.
 */
export function parseKeyValues(text: string): Map<string, number> {
  const values = new Map<string, number>();
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const space = text.indexOf(" ", start);
    if (space > start && space < end) {
      const value = Number(text.slice(space + 1, end));
      if (!Number.isNaN(value)) values.set(text.slice(start, space), value);
    }
    start = end + 1;
  }
  return values;
}

/** The names of `/proc/diskstats` (Documentation/admin-guide/iostats.rst) by `major:minor`, every line of it. */
export function parseDeviceNumbers(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [major, minor, name] = line.trim().split(/\s+/);
    if (name !== undefined) names.set(`${major}:${minor}`, name);
  }
  return names;
}

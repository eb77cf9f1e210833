/** An address as people write it. @param bytes 4 of IPv4 or 16 of IPv6, in network order */
export function ipText(bytes: readonly number[]): string {
  return bytes.length === 16 ? ipv6(bytes) : bytes.join(".");
}

/** RFC 5952: the longest run of two zero groups or more becomes `::`. */
function ipv6(bytes: readonly number[]): string {
  if (bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff) {
    return `::ffff:${bytes.slice(12).join(".")}`;
  }
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16)).join(":");
  const runs = [...groups.matchAll(/(?<![^:])0(?::0(?![^:]))+/g)].sort((a, b) => b[0].length - a[0].length);
  if (runs.length === 0) return groups;
  const { index, 0: run } = runs[0];
  return `${groups.slice(0, index).replace(/:$/, "")}::${groups.slice(index + run.length).replace(/^:/, "")}`;
}

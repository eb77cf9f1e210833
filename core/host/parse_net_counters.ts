/**
 * Parses `/proc/net/snmp` and `/proc/net/netstat`: pairs of lines, names and then values, that start with the same
 * `Protocol:`. Keys are `Tcp.RetransSegs`, `TcpExt.ListenOverflows`, …
 */
export function parseNetCounters(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  const lines = text.split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i].split(" ");
    const values = lines[i + 1].split(" ");
    if (names[0] !== values[0] || !names[0].endsWith(":")) continue;
    const protocol = names[0].slice(0, -1);
    for (let c = 1; c < names.length && c < values.length; c++) {
      const value = Number(values[c]);
      if (!Number.isNaN(value)) counters.set(`${protocol}.${names[c]}`, value);
    }
  }
  return counters;
}

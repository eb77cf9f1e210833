/** One record of `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg). */
export interface KmsgRecord {
  /** Syslog level, 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** Syslog facility; 0 is the kernel itself, anything else was written by a program. */
  readonly facility: number;
  readonly sequence: number;
  /** Since boot, without time spent suspended. */
  readonly timeNs: number;
  /** First line only, unescaped: it may hold anything. */
  readonly message: string;
}

/**
 * Parses records of `/dev/kmsg`, as text of any number of them. Continuation lines (` KEY=value`) are left out. The
 * kernel writes bytes that are not printable ASCII as `\xNN`, so a message cannot forge a record.
 */
export function parseKmsg(text: string): KmsgRecord[] {
  const records: KmsgRecord[] = [];
  for (const line of text.split("\n")) {
    const m = /^(\d+),(\d+),(\d+),[^;]*;(.*)$/.exec(line);
    if (m === null) continue;
    const priority = Number(m[1]);
    records.push({
      level: priority & 7,
      facility: priority >> 3,
      sequence: Number(m[2]),
      timeNs: Number(m[3]) * 1000,
      message: unescape(m[4]),
    });
  }
  return records;
}

function unescape(text: string): string {
  if (!text.includes("\\x")) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === "\\" ? /^\\x([0-9a-f]{2})/.exec(text.slice(i, i + 4)) : null;
    bytes.push(hex === null ? text.charCodeAt(i) & 0xff : parseInt(hex[1], 16));
    if (hex !== null) i += 3;
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

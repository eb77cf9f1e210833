/** Makes perf.data files by hand, for tests: one event, records in the order given. */

/** Words of 64 bits as bytes. */
export function u64s(...values: (number | bigint)[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values.map((v) => BigInt.asUintN(64, BigInt(v)))).buffer);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** A record: header and body. */
export function fileRecord(type: number, misc: number, ...body: readonly Uint8Array[]): Uint8Array {
  const all = joined(...body);
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, type, true);
  head.setUint16(4, misc, true);
  head.setUint16(6, all.length + 8, true);
  return joined(new Uint8Array(head.buffer), all);
}

/** Text padded with NULs to a multiple of 8. */
export function padded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return joined(bytes, new Uint8Array(8 - bytes.length % 8));
}

/** Attributes of a software event (cpu-clock) as Linux 6.1 has them, 128 bytes. */
export function fileAttr(
  over: {
    sampleType: number;
    branch?: number;
    userRegisters?: bigint;
    interruptRegisters?: bigint;
    stack?: number;
    readFormat?: number;
  },
): Uint8Array {
  const v = new DataView(new ArrayBuffer(128));
  v.setUint32(0, 1, true);
  v.setUint32(4, 128, true);
  v.setBigUint64(16, 1000n, true);
  v.setBigUint64(24, BigInt(over.sampleType), true);
  v.setBigUint64(32, BigInt(over.readFormat ?? 0), true);
  v.setBigUint64(72, BigInt(over.branch ?? 0), true);
  v.setBigUint64(80, over.userRegisters ?? 0n, true);
  v.setUint32(88, over.stack ?? 0, true);
  v.setBigUint64(96, over.interruptRegisters ?? 0n, true);
  return new Uint8Array(v.buffer);
}

/** A whole file of one event. */
export function perfDataFile(attr: Uint8Array, ...records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const data = joined(...records);
  const start = 104 + attr.length + 16;
  const head = joined(
    new TextEncoder().encode("PERFILE2"),
    u64s(104, attr.length + 16, 104, attr.length + 16, start, data.length, 0, 0, 0, 0, 0, 0),
  );
  return joined(head, attr, u64s(0, 0), data);
}

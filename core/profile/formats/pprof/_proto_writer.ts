import type { Int64 } from "./_proto_reader.ts";

/** Writes a protocol buffers message. Zeros are left out, as the format's third edition does. */
export interface ProtoWriter {
  int(field: number, value: Int64): void;
  ints(field: number, values: readonly Int64[]): void;
  bytes(field: number, value: Uint8Array): void;
  message(field: number, write: () => void): void;
  doubles(field: number, values: readonly number[]): void;
  /** What was written. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** An empty message. */
export function protoWriter(): ProtoWriter {
  let out = new Uint8Array(1 << 12);
  let n = 0;

  const room = (size: number): void => {
    if (n + size <= out.length) return;
    const larger = new Uint8Array(Math.max(out.length * 2, n + size));
    larger.set(out.subarray(0, n));
    out = larger;
  };
  const varint = (value: Int64): void => {
    room(10);
    if (typeof value === "number" && value >= 0 && value < 2 ** 53) {
      while (value >= 128) {
        out[n++] = value % 128 | 128;
        value = Math.floor(value / 128);
      }
      out[n++] = value;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) out[n++] = Number(rest & 127n) | 128;
    out[n++] = Number(rest);
  };
  /** Puts the length before what a function writes. */
  const sized = (field: number, write: () => void): void => {
    varint(field * 8 + 2);
    const start = n;
    write();
    const size = n - start;
    let bytes = 1;
    for (let rest = size; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
    room(bytes);
    out.copyWithin(start + bytes, start, n);
    n = start;
    varint(size);
    n = start + bytes + size;
  };
  return {
    int: (field, value) => {
      if (value === 0 || value === 0n) return;
      varint(field * 8);
      varint(value);
    },
    ints: (field, values) => {
      if (values.length > 0) sized(field, () => values.forEach(varint));
    },
    bytes: (field, value) => {
      varint(field * 8 + 2);
      varint(value.length);
      room(value.length);
      out.set(value, n);
      n += value.length;
    },
    message: sized,
    doubles: (field, values) => {
      sized(field, () => {
        room(values.length * 8);
        const v = new DataView(out.buffer);
        for (const value of values) {
          v.setFloat64(n, value, true);
          n += 8;
        }
      });
    },
    finish: () => out.slice(0, n),
  };
}

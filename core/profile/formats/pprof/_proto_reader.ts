import { FormatError } from "../format_error.ts";

/** A 64-bit integer: a number where that is exact, else a bigint. */
export type Int64 = number | bigint;

/** Reads the fields of a protocol buffers message (protobuf.dev/programming-guides/encoding). */
export interface ProtoReader {
  /** Goes to the next field. @returns its number, 0 at the end of the message */
  next(): number;
  /** Wire type of the field: 0 varint, 1 of 64 bits, 2 with a length, 5 of 32 bits. */
  readonly wire: number;
  /** The value of a varint field as an unsigned integer. */
  uint(): Int64;
  /** The same as signed, as a double. */
  int(): number;
  bool(): boolean;
  /** The bytes of a field with a length. */
  bytes(): Uint8Array;
  /** Goes into the message that the field is: its fields come next. @returns what {@linkcode ProtoReader.leave} wants */
  enter(): number;
  /** Goes on behind the message that was entered. */
  leave(mark: number): void;
  /** Adds the value, or the values of a packed field, to a list. */
  uints(into: Int64[]): void;
  ints(into: number[]): void;
  /** Passes over the field. */
  skip(): void;
}

/**
 * One reader for a message and all within it: nothing is allocated for these.
 *
 * @throws {FormatError} from its functions: a field that reaches beyond the message, or is of another type
 */
export function protoReader(bytes: Uint8Array): ProtoReader {
  let at = 0;
  let to = bytes.length;
  let wire = 0;
  let low = 0;
  let high = 0;
  const broken = (what: string): never => {
    throw new FormatError(what, `byte ${at}`);
  };
  /** Into `low` and `high`: no object a number. */
  const varint = (end: number): void => {
    low = high = 0;
    for (let i = 0; i < 10; i++) {
      if (at >= end) broken("a number is cut");
      const b = bytes[at++];
      const part = b & 127;
      if (i < 4) low |= part << i * 7;
      else if (i === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else if (i < 9) high |= part << i * 7 - 32;
      else high |= part << 31;
      if (b < 128) {
        low >>>= 0;
        high >>>= 0;
        return;
      }
    }
    broken("a number of more than ten bytes");
  };
  const unsigned = (): Int64 => high < 0x200000 ? high * 4294967296 + low : BigInt(high) << 32n | BigInt(low);
  const signed = (): number => (high | 0) * 4294967296 + low;
  const length = (): number => {
    if (wire !== 2) broken(`a field of wire type ${wire}, not 2`);
    varint(to);
    if (high !== 0 || low > to - at) broken("a field reaches beyond its message");
    return low;
  };
  const packed = (add: () => void): void => {
    if (wire === 0) {
      varint(to);
      return add();
    }
    const end = length() + at;
    while (at < end) {
      varint(end);
      add();
    }
  };
  const reader: ProtoReader = {
    get wire() {
      return wire;
    },
    next: () => {
      if (at >= to) return 0;
      varint(to);
      wire = low & 7;
      const field = low >>> 3;
      if (high !== 0 || field === 0) broken("no field has such a number");
      return field;
    },
    uint: () => {
      if (wire !== 0) broken(`a field of wire type ${wire}, not 0`);
      varint(to);
      return unsigned();
    },
    int: () => {
      if (wire !== 0) broken(`a field of wire type ${wire}, not 0`);
      varint(to);
      return signed();
    },
    bool: () => reader.uint() !== 0,
    bytes: () => {
      const n = length();
      at += n;
      return bytes.subarray(at - n, at);
    },
    enter: () => {
      const n = length();
      const mark = to;
      to = at + n;
      return mark;
    },
    leave: (mark) => {
      at = to;
      to = mark;
    },
    uints: (into) => packed(() => void into.push(unsigned())),
    ints: (into) => packed(() => void into.push(signed())),
    skip: () => {
      if (wire === 0) varint(to);
      else if (wire === 2) {
        const n = length();
        at += n;
      } else if (wire === 1 || wire === 5) {
        at += wire === 1 ? 8 : 4;
        if (at > to) broken("a field reaches beyond its message");
      } else broken(`wire type ${wire}`);
    },
  };
  return reader;
}

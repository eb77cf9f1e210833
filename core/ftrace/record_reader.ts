import { type FormatField, parseFormat } from "../host/mod.ts";
import { readControl } from "./control_file.ts";
import { TraceDataError } from "./trace_data_error.ts";

/** Reads a number of a record. Addresses of the kernel come as the signed reading of their 64 bits, which is exact. */
export type FieldReader = (page: DataView, at: number) => number;

/** One kind of event of an instance. */
export interface RecordReader {
  /** What the record's first two bytes say. */
  readonly id: number;
  /** Bytes that a record has at least. */
  readonly size: number;
  /** @throws {TraceDataError} when the record has no such number */
  field(name: string): FieldReader;
  has(name: string): boolean;
}

const TWO_32 = 2 ** 32;

/** Every record begins with its kind (u16), flags, and the thread (struct trace_entry in include/linux/trace_events.h). */
export const COMMON = { type: 0, pid: 4, size: 8 } as const;

/**
 * Reads how an event's records are laid out.
 *
 * @param root of tracefs
 * @param event `ftrace/function`, `sched/sched_switch`
 * @throws {TraceDataError} when the text is none
 */
export function openRecordReader(root: string, event: string): RecordReader {
  const format = parseFormat(readControl(`${root}/events/${event}/format`));
  if (!format) throw new TraceDataError(`events/${event}/format describes no record`);
  const field = (name: string): FormatField | undefined => format.fields.find((f) => f.name === name);
  return {
    id: format.id,
    size: Math.max(COMMON.size, ...format.fields.map((f) => f.offset + f.size)),
    has: (name) => field(name) !== undefined,
    field(name): FieldReader {
      const f = field(name);
      const read = f && numberAt(f);
      if (!read) throw new TraceDataError(`records of ${event} have no number "${name}"`);
      return read;
    },
  };
}

function numberAt({ offset, size, signed }: FormatField): FieldReader | null {
  switch (size) {
    case 8:
      return (page, at) => page.getInt32(at + offset + 4, true) * TWO_32 + page.getUint32(at + offset, true);
    case 4:
      return signed ? (page, at) => page.getInt32(at + offset, true) : (page, at) => page.getUint32(at + offset, true);
    case 2:
      return signed ? (page, at) => page.getInt16(at + offset, true) : (page, at) => page.getUint16(at + offset, true);
    case 1:
      return signed ? (page, at) => page.getInt8(at + offset) : (page, at) => page.getUint8(at + offset);
    default:
      return null;
  }
}

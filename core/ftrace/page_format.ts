import { TraceDataError } from "./trace_data_error.ts";

/** How a page of the kernel's ring buffer is laid out, as `events/header_page` of tracefs tells it. All in bytes. */
export interface PageFormat {
  /** Of the time at which the page begins, 64 bits. */
  readonly timestampOffset: number;
  /** Of the number of bytes that are filled, with flags above it. */
  readonly commitOffset: number;
  /** 4 or 8. */
  readonly commitSize: number;
  /** Where events begin. */
  readonly dataOffset: number;
  /** Size of a whole page: what one read(2) of `trace_pipe_raw` answers at most. */
  readonly pageSize: number;
}

/** The largest page that is believed: the kernel lets pages grow to a few hundred KiB (`buffer_subbuf_size_kb`). */
const MAX_PAGE = 16 << 20;

/**
 * Parses `events/header_page` (ring_buffer_print_page_header() in kernel/trace/ring_buffer.c).
 *
 * @throws {TraceDataError} when it is another text, or one that no page can have
 */
export function parsePageFormat(text: string): PageFormat {
  const field = (name: string): { offset: number; size: number } => {
    const m = new RegExp(`\\b${name};\\s*offset:(\\d{1,9});\\s*size:(\\d{1,9});`).exec(text);
    if (!m) throw new TraceDataError(`header_page has no field "${name}"`);
    return { offset: Number(m[1]), size: Number(m[2]) };
  };
  const timestamp = field("timestamp");
  const commit = field("commit");
  const data = field("data");
  const pageSize = data.offset + data.size;
  const sound = timestamp.size === 8 && (commit.size === 4 || commit.size === 8) &&
    timestamp.offset + timestamp.size <= data.offset && commit.offset + commit.size <= data.offset &&
    data.size >= 8 && pageSize <= MAX_PAGE;
  if (!sound) throw new TraceDataError("header_page describes a page that cannot be");
  return {
    timestampOffset: timestamp.offset,
    commitOffset: commit.offset,
    commitSize: commit.size,
    dataOffset: data.offset,
    pageSize,
  };
}

/** What the 5 bits at the head of an event may say besides a length in words. */
const KINDS = { padding: 29, time_extend: 30, time_stamp: 31 } as const;

/**
 * Whether `events/header_event` describes the event heads that {@linkcode decodePage} reads: they have been the same
 * since Linux 4.16, but a kernel may change them.
 */
export function knowsEventHeads(text: string): boolean {
  const bits = (name: string): number => Number(new RegExp(`\\b${name}\\s*:\\s*(\\d+) bits`).exec(text)?.[1] ?? -1);
  const kind = (name: string): number => Number(new RegExp(`\\b${name}\\s*: type == (\\d+)`).exec(text)?.[1] ?? -1);
  return bits("type_len") === 5 && bits("time_delta") === 27 && bits("array") === 32 &&
    Object.entries(KINDS).every(([name, value]) => kind(name) === value);
}

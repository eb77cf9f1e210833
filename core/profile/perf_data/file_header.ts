import { FormatError } from "../formats/format_error.ts";

/** A part of the file, in bytes. */
export interface FileSection {
  readonly offset: number;
  readonly size: number;
}

/** The head of a perf.data file (tools/perf/util/header.h, `struct perf_file_header`). */
export interface FileHeader {
  /** Written to a pipe: no sections, everything is a record. */
  readonly pipe: boolean;
  /** Where records begin in a pipe's file. */
  readonly size: number;
  /** Bytes of an entry in `attrs`: the attributes and a section. */
  readonly attrSize: number;
  readonly attrs: FileSection;
  readonly data: FileSection;
  /** Names of events; perf before 3.9. */
  readonly eventTypes: FileSection;
  /** Numbers of the features whose sections follow the data, ascending. */
  readonly features: readonly number[];
}

/** Bytes to read before {@linkcode readFileHeader} can say anything: those of a pipe's head. */
export const PIPE_HEADER = 16;
/** Bytes of the head of a file that is no pipe's. */
export const FILE_HEADER = 104;

/** Whether bytes begin like perf.data of any byte order or age. */
export function looksLikePerfData(head: Uint8Array): boolean {
  const magic = text(head);
  return magic === "PERFILE2" || magic === "2ELIFREP" || magic === "PERFFILE";
}

/**
 * Reads the head.
 *
 * @param head the first bytes of the file
 * @returns null when more bytes are needed
 * @throws {FormatError} for another format, another byte order, and what perf wrote before 2010
 */
export function readFileHeader(head: Uint8Array): FileHeader | null {
  if (head.length < PIPE_HEADER) return null;
  const magic = text(head);
  if (magic === "2ELIFREP") {
    throw new FormatError("perf.data of a big-endian machine: only little-endian is read", "byte 0");
  }
  if (magic === "PERFFILE") throw new FormatError("perf.data of version 1, from before 2010, is not read", "byte 0");
  if (magic !== "PERFILE2") throw new FormatError("not perf.data: the file does not begin with PERFILE2", "byte 0");
  const v = new DataView(head.buffer, head.byteOffset, head.length);
  const size = u64(v, 8);
  const none = { offset: 0, size: 0 };
  if (size === PIPE_HEADER) {
    return { pipe: true, size, attrSize: 0, attrs: none, data: none, eventTypes: none, features: [] };
  }
  if (size !== FILE_HEADER) throw new FormatError(`a head of ${size} bytes: not 16 or ${FILE_HEADER}`, "byte 8");
  if (head.length < FILE_HEADER) return null;
  const section = (at: number): FileSection => ({ offset: u64(v, at), size: u64(v, at + 8) });
  const features: number[] = [];
  for (let i = 0; i < 256; i++) if (v.getUint8(72 + (i >>> 3)) & 1 << (i & 7)) features.push(i);
  return {
    pipe: false,
    size,
    attrSize: u64(v, 16),
    attrs: section(24),
    data: section(40),
    eventTypes: section(56),
    features,
  };
}

function text(head: Uint8Array): string {
  return String.fromCharCode(...head.subarray(0, 8));
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}

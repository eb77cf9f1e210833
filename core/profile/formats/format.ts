import type { Profile } from "../../data/mod.ts";

/**
 * A file format of profiles. Pure: bytes in, data out; no file is opened here. Readers stream, so that a file of
 * gigabytes takes the memory of its distinct stacks; writers hand out pieces.
 */
export interface ProfileFormat {
  /** As options name it: `folded`, `perf-script`, `pprof`, … */
  readonly name: string;
  /** Endings of file names, with the dot, the usual one first. */
  readonly endings: readonly string[];
  /** One line for lists: what writes it, what opens it. */
  readonly doc: string;
  /** Whether a file that begins with these bytes (at most 64 KiB, uncompressed) is of this format. */
  sniff?(head: Uint8Array): boolean;
  /** Absent when it is written only. */
  reader?(options?: ReadOptions): ProfileReader;
  /** Absent when it is read only. Pieces of the file, in order. @throws {RangeError} when there is no such sample type */
  write?(profile: Profile, options?: WriteOptions): Iterable<Uint8Array>;
}

/** How to write. */
export interface WriteOptions {
  /** Index of the sample type that a format of one value writes, and that others show first; 0 by default. */
  readonly sampleType?: number;
  /** Heading, where the format has one. */
  readonly title?: string;
}

/** How to read. */
export interface ReadOptions {
  /** Keep the time of each sample, where the format has it (`Profile.timeline`). Takes 20 bytes a sample. */
  readonly timeline?: boolean;
  /**
   * Whether files of this machine may give names to addresses, for formats that hold addresses alone (`perf-data`). A
   * file is used only if it is the one that was recorded. Default: true.
   */
  readonly names?: boolean;
}

/** Takes a file in pieces of any size. */
export interface ProfileReader {
  /** @param chunk valid during the call @throws {FormatError} when the file is broken here */
  push(chunk: Uint8Array): void;
  /** The profile of all that came. @throws {FormatError} when the file ends too early */
  end(): Profile;
}

import { ERRNO, write } from "../sys/mod.ts";

/** Collects text and writes it in large pieces. */
export interface BatchWriter {
  add(text: string): void;
  /** There is text that has not been written. */
  readonly pending: boolean;
  /**
   * Writes what there is, all of it. Once the reader has gone away, or writing has failed, nothing is written any more:
   * whom we trace is not to suffer for a full disk.
   */
  flush(): void;
  /** The errno of the write that failed; 0: none did. That a pipe's reader has gone away is no error. */
  readonly error: number;
}

/** @param fd stays open */
export function batchWriter(fd: number): BatchWriter {
  const bytes = new Uint8Array(new ArrayBuffer(BATCH * 3));
  let text = "";
  let gone = false;
  let error = 0;
  const writeAll = (end: number): void => {
    for (let at = 0; at < end && !gone;) {
      const n = write(fd, bytes.subarray(at, end));
      if (n > 0) at += n;
      // A pipe that somebody set to non-blocking is full: its reader will make room.
      else if (n === -ERRNO.EAGAIN) Atomics.wait(PAUSE, 0, 0, 1);
      else if (n !== -ERRNO.EINTR) {
        gone = true;
        if (n !== -ERRNO.EPIPE) error = -n;
      }
    }
  };
  const flush = (): void => {
    for (let rest = text; rest !== "";) {
      const piece = rest.length > BATCH ? rest.slice(0, BATCH) : rest;
      rest = rest.length > BATCH ? rest.slice(BATCH) : "";
      writeAll(encoder.encodeInto(piece, bytes).written);
    }
    text = "";
  };
  return {
    add: (more) => {
      text += more;
      if (text.length >= BATCH) flush();
    },
    get pending() {
      return text !== "";
    },
    flush,
    get error() {
      return error;
    },
  };
}

const encoder = new TextEncoder();
/** Characters. A character takes up to three bytes. */
const BATCH = 1 << 16;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

import { ERRNO, SysError, write } from "../sys/mod.ts";

/** Collects text and writes it in large pieces. */
export interface BatchWriter {
  add(text: string): void;
  /** There is text that has not been written. */
  readonly pending: boolean;
  /** Writes what there is, all of it. Once the reader has gone away nothing is written any more. @throws {SysError} */
  flush(): void;
}

/** @param fd stays open */
export function batchWriter(fd: number): BatchWriter {
  const bytes = new Uint8Array(new ArrayBuffer(BATCH * 3));
  let text = "";
  let gone = false;
  const writeAll = (end: number): void => {
    for (let at = 0; at < end && !gone;) {
      const n = write(fd, bytes.subarray(at, end));
      if (n > 0) at += n;
      else if (n === -ERRNO.EPIPE) gone = true;
      // A pipe that somebody set to non-blocking is full: its reader will make room.
      else if (n === -ERRNO.EAGAIN) Atomics.wait(PAUSE, 0, 0, 1);
      else if (n !== -ERRNO.EINTR) throw new SysError("write", n);
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
  };
}

const encoder = new TextEncoder();
/** Characters. A character takes up to three bytes. */
const BATCH = 1 << 16;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

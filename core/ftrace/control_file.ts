import { closeRaw, ERRNO, O, openRaw, read, SysError, write } from "../sys/mod.ts";

const encoder = new TextEncoder();

/** What one read asks for: header_page answers the first only, and whole if it is asked for enough. */
const READ_BYTES = 64 << 10;
const MAX_BYTES = 64 << 20;

/**
 * Reads a control file of tracefs.
 *
 * @throws {SysError} ENOENT, EACCES, EPERM
 * @throws {RangeError} when it is longer than any that we know
 */
export function readControl(path: string): string {
  const fd = openRaw(path);
  if (fd < 0) throw new SysError("openat", fd, JSON.stringify(path));
  try {
    const text = new TextDecoder();
    const into = new Uint8Array(READ_BYTES);
    let found = "";
    for (;;) {
      const n = read(fd, into);
      if (n === -ERRNO.EINTR) continue;
      if (n < 0) throw new SysError("read", n, JSON.stringify(path));
      if (n === 0) return found + text.decode();
      found += text.decode(into.subarray(0, n), { stream: true });
      if (found.length > MAX_BYTES) throw new RangeError(`${path} is longer than ${MAX_BYTES} bytes`);
    }
  } finally {
    closeRaw(fd);
  }
}

/** The same; null when there is none, or it may not be read. */
export function readControlOrNull(path: string): string | null {
  try {
    return readControl(path);
  } catch (error) {
    if (error instanceof SysError && /^E(NOENT|ACCES|PERM|NODEV|NOTDIR)$/.test(error.code)) return null;
    throw error;
  }
}

/** What becomes of what stood in a control file: `keep` leaves lists as they are and adds to them. */
export type ControlMode = "keep" | "clear";

/**
 * Writes a control file of tracefs. The kernel takes long lists a word at a time, and says of each whether it likes it.
 *
 * @throws {SysError} EINVAL when it does not like it; EBUSY when the thing is in use
 */
export function writeControl(path: string, text: string, mode: ControlMode = "keep"): void {
  const what = JSON.stringify(path);
  // Opening kprobe_events with O_TRUNC deletes the probes of everybody: nothing is truncated that was not to be.
  const fd = openRaw(path, O.WRONLY | (mode === "clear" ? O.TRUNC : O_APPEND));
  if (fd < 0) throw new SysError("openat", fd, what);
  try {
    let rest = encoder.encode(text);
    while (rest.length > 0) {
      const n = write(fd, rest);
      if (n === -ERRNO.EINTR) continue;
      if (n < 0) throw new SysError("write", n, `${JSON.stringify(text.slice(0, 80).trim())} to ${what}`);
      if (n === 0) throw new SysError("write", -ERRNO.EINVAL, what);
      rest = rest.subarray(n);
    }
  } finally {
    closeRaw(fd);
  }
}

const O_APPEND = 0o2000;

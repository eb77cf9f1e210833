import { bytesAddress, call, closeRaw, cString, ERRNO, NR, O, openRaw, ownFd, pread } from "../sys/mod.ts";
import type { ByteSource } from "./byte_source.ts";

/** A regular file that was opened without following anybody's traps. */
export interface RegularFile extends ByteSource, Disposable {
  /** Numbers of the device as the kernel shows them in mappings. */
  readonly major: number;
  readonly minor: number;
  readonly inode: number;
  readonly uid: number;
  /** Time of the last change of contents: nanoseconds since 1970, rounded to 256 ns. Identity, not time. */
  readonly modified: number;
}

/** How a path is followed. */
export interface OpenOptions {
  /** A process's root directory (`/proc/PID/root`): absolute paths and links are resolved inside it. */
  readonly root?: string;
  /** Refuse when the last part of the path is a symbolic link. */
  readonly noFollow?: boolean;
}

/**
 * Opens a regular file for reading. Paths come from other processes: whatever is no regular file (a FIFO that would
 * block, a device that would act) is refused, and a root given is never left.
 *
 * @returns null when it is absent, not regular, or not for us to read
 */
export function openRegularFile(path: string, options: OpenOptions = {}): RegularFile | null {
  if (path.includes("\0")) return null;
  const flags = O.RDONLY | O.NONBLOCK | (options.noFollow ? noFollowFlag() : 0);
  const raw = options.root === undefined ? openRaw(path, flags) : openBelow(options.root, path, flags);
  if (raw < 0) return null;
  using undo = new DisposableStack();
  const fd = undo.use(ownFd(raw));
  const stat = new DataView(new ArrayBuffer(256));
  const bytes = new Uint8Array(stat.buffer);
  const empty = cString("");
  const args = [fd.fd, bytesAddress(empty), AT_EMPTY_PATH, STATX_BASIC, bytesAddress(bytes)];
  if (call(NR.statx, args, [empty, bytes]) < 0) return null;
  // struct statx (statx(2)): uid at 20, mode at 28, ino at 32, size at 40, mtime at 112, device at 136.
  if ((stat.getUint16(28, true) & S_IFMT) !== S_IFREG) return null;
  const size = Number(stat.getBigUint64(40, true));
  undo.move();
  return {
    size,
    major: stat.getUint32(136, true),
    minor: stat.getUint32(140, true),
    inode: Number(stat.getBigUint64(32, true)),
    uid: stat.getUint32(20, true),
    modified: Number(stat.getBigInt64(112, true)) * 1e9 + stat.getUint32(120, true),
    read: (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) return null;
      const into = new Uint8Array(length);
      return readFully(fd.fd, into, offset) === length ? into : null;
    },
    [Symbol.dispose]: () => fd[Symbol.dispose](),
  };
}

/**
 * Reads a whole file of `/proc`, whose size the kernel does not tell.
 *
 * @param limit most bytes to read
 * @returns null when it cannot be opened or read
 */
export function readProcFile(path: string, limit: number, expected = 1 << 16): Uint8Array<ArrayBuffer> | null {
  const raw = openRaw(path);
  if (raw < 0) return null;
  using fd = ownFd(raw);
  let buffer = new Uint8Array(expected);
  let at = 0;
  for (;;) {
    if (at === buffer.length) {
      if (at >= limit) return buffer;
      const larger = new Uint8Array(Math.min(limit, at * 2));
      larger.set(buffer);
      buffer = larger;
    }
    const n = pread(fd.fd, buffer.subarray(at), at);
    if (n < 0) return null;
    if (n === 0) return buffer.subarray(0, at);
    at += n;
  }
}

function readFully(fd: number, into: Uint8Array<ArrayBuffer>, offset: number): number {
  let at = 0;
  while (at < into.length) {
    const n = pread(fd, into.subarray(at), offset + at);
    if (n === -ERRNO.EINTR) continue;
    if (n <= 0) break;
    at += n;
  }
  return at;
}

/** `openat2(2)` with RESOLVE_IN_ROOT; Linux 5.6. */
function openBelow(root: string, path: string, flags: number): number {
  const directory = openRaw(root, O_PATH | O.CLOEXEC);
  if (directory < 0) return directory;
  const how = new BigUint64Array(3);
  how[0] = BigInt(flags | O.CLOEXEC);
  how[2] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const name = cString(path);
  const result = call(NR.openat2, [directory, bytesAddress(name), bytesAddress(how), how.byteLength], [name, how]);
  closeRaw(directory);
  return result;
}

/** O_NOFOLLOW and O_DIRECTORY trade places between x86 and ARM (asm/fcntl.h). */
function noFollowFlag(): number {
  return Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
}

const O_PATH = 0o10000000;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC = 0x7ff;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_IN_ROOT = 0x10n;

import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { type Fd, ownFd } from "./fd.ts";
import { check } from "./sys_error.ts";

/** `open(2)` flags, those that are alike on all our processors. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  TRUNC: 0o1000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
} as const;

const AT_FDCWD = -100;
const encoder = new TextEncoder();

/**
 * A path as the kernel wants it: bytes that end in NUL.
 *
 * @throws {TypeError} when the path holds a NUL: the kernel would open another file
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError(`A path cannot hold a NUL: ${JSON.stringify(text)}`);
  return encoder.encode(`${text}\0`);
}

/**
 * Opens a file. Close-on-exec always.
 *
 * @param flags bits of {@linkcode O}
 * @throws {SysError}
 */
export function open(path: string, flags: number = O.RDONLY, mode = 0o600): Fd {
  return ownFd(check(openRaw(path, flags, mode), "openat", JSON.stringify(path)));
}

/** Like {@linkcode open} with a bare answer: a descriptor that the caller must close, or -errno. */
export function openRaw(path: string, flags: number = O.RDONLY, mode = 0o600): number {
  return library().openat(NR.openat, AT_FDCWD, cString(path), flags | O.CLOEXEC, mode);
}

/** Closes a bare descriptor of {@linkcode openRaw}. */
export function closeRaw(fd: number): void {
  library().withFd(NR.close, fd);
}

/**
 * Reads at the file's position into a buffer.
 *
 * @returns bytes read, 0 at the end, or -errno
 */
export function read(fd: number, into: Uint8Array<ArrayBuffer>): number {
  return library().readWrite(NR.read, fd, into, BigInt(into.byteLength), 0n);
}

/** Reads at an offset (bytes). @returns bytes read, 0 at the end, or -errno */
export function pread(fd: number, into: Uint8Array<ArrayBuffer>, offset: number | bigint): number {
  return library().readWrite(NR.pread64, fd, into, BigInt(into.byteLength), BigInt(offset));
}

/** Writes at the file's position. @returns bytes written, or -errno */
export function write(fd: number, from: Uint8Array<ArrayBuffer>): number {
  return library().readWrite(NR.write, fd, from, BigInt(from.byteLength), 0n);
}

/**
 * Reads a whole small file, such as those of `/proc`, in three calls and without an object. Reads on until the end,
 * because the kernel may answer a file in pieces.
 *
 * @param into overwritten from its start
 * @returns bytes read; equal to the buffer's length when the file may be longer; or -errno
 */
export function readFileInto(path: string, into: Uint8Array<ArrayBuffer>): number {
  const fd = openRaw(path);
  if (fd < 0) return fd;
  let at = 0;
  while (at < into.byteLength) {
    const n = read(fd, at === 0 ? into : into.subarray(at));
    if (n < 0) at = n;
    if (n <= 0) break;
    at += n;
  }
  closeRaw(fd);
  return at;
}

/**
 * A file in memory without a name.
 *
 * @param name shown in `/proc/self/fd`
 * @throws {SysError}
 */
export function memfd(name: string): Fd {
  const MFD_CLOEXEC = 1;
  const bytes = cString(name);
  const fd = library().bufferOnly(NR.memfd_create, bytes, MFD_CLOEXEC);
  return ownFd(check(fd, "memfd_create"));
}

/** A pipe, both ends close-on-exec. @param flags bits of {@linkcode O} @throws {SysError} */
export function pipe(flags = 0): { readonly reader: Fd; readonly writer: Fd } {
  const ends = new Int32Array(2);
  check(library().bufferOnly(NR.pipe2, ends, flags | O.CLOEXEC), "pipe2");
  return { reader: ownFd(ends[0]), writer: ownFd(ends[1]) };
}

/** `ioctl(2)` with a number. @param arg an integer, not an address @returns a value, or -errno */
export function ioctl(fd: number, request: number, arg: number | bigint = 0n): number {
  return library().ioctl(NR.ioctl, fd, request >>> 0, BigInt(arg));
}

/** `ioctl(2)` with a struct or string. @returns a value, or -errno */
export function ioctlBytes(fd: number, request: number, arg: BufferSource): number {
  return library().ioctlBuffer(NR.ioctl, fd, request >>> 0, arg);
}

import { NR } from "./arch/mod.ts";
import { syscall, syscall64 } from "./syscall.ts";
import { SysError } from "./sys_error.ts";

/** `mmap(2)` protection bits. */
export const PROT = { READ: 1, WRITE: 2 } as const;

/** `mmap(2)` flags. */
export const MAP = { SHARED: 1, PRIVATE: 2, ANONYMOUS: 0x20, POPULATE: 0x8000 } as const;

/** The one owner of mapped memory. Its buffer is detached before the memory goes: a late use throws or reads nothing. */
export interface Mapping {
  readonly address: bigint;
  /** The memory itself, not a copy. Atomics work on it. */
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Unmaps; a second time does nothing. */
  [Symbol.dispose](): void;
}

/**
 * Maps a descriptor.
 *
 * @param length bytes, greater than 0
 * @param prot bits of {@linkcode PROT}; a view over memory without WRITE crashes the process when written to
 * @param flags bits of {@linkcode MAP}
 * @param offset bytes, a multiple of the page size
 * @throws {SysError}
 */
export function mmapFd(fd: number, length: number, prot: number, flags: number, offset = 0): Mapping {
  const answer = syscall64(NR.mmap, 0n, length, prot, flags, fd, offset);
  if (answer < 0n && answer >= -4095n) throw new SysError("mmap", Number(answer), `${length} bytes`);
  return ownMapping(answer, length);
}

/** Maps fresh zeroed memory that belongs to this process alone: good for structs that point to one another. */
export function mmapAnonymous(length: number): Mapping {
  return mmapFd(-1, length, PROT.READ | PROT.WRITE, MAP.PRIVATE | MAP.ANONYMOUS);
}

function ownMapping(address: bigint, length: number): Mapping {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) throw new Error("mmap answered address 0");
  const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, length);
  let mapped = true;
  return {
    address,
    buffer,
    bytes: new Uint8Array(buffer),
    [Symbol.dispose](): void {
      if (!mapped) return;
      mapped = false;
      structuredClone(buffer, { transfer: [buffer] });
      syscall(NR.munmap, address, length);
    },
  };
}

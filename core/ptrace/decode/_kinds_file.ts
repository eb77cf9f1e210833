import {
  addressArgument,
  argument,
  decAt,
  type Decoding,
  hex,
  i32,
  type Kind,
  readAt,
  refNumber,
  sdecAt,
  u16,
  u32,
} from "./_decoding.ts";
import { deviceText, fdText, modeText, octal } from "./_kinds_scalar.ts";
import { MAX_ELEMENTS } from "./_kinds_string.ts";
import { struct, structAt } from "./_struct.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

/** Whether a mode is that of a device, which has a number in place of a size. */
function isDevice(mode: number): boolean {
  const type = mode & 0o170000;
  return type === 0o020000 || type === 0o060000;
}

/** `struct stat`: x86-64 has mode 24, rdev 40, size 48; the generic one mode 16, rdev 32, size 48. */
function stat(b: Uint8Array, d: Decoding): string {
  const generic = d.arch !== "x86_64";
  const mode = u32(b, generic ? 16 : 24), rdev = generic ? 32 : 40;
  const last = isDevice(mode) ? `st_rdev=${deviceText(u32(b, rdev), u32(b, rdev + 4))}` : `st_size=${sdecAt(b, 48)}`;
  return `{st_mode=${modeText(mode)}, ${last}, ...}`;
}

/** `struct statx`: mask 0, attributes 8, mode 28, size 40. */
function statx(b: Uint8Array): string {
  const mode = u16(b, 28);
  return `{stx_mask=${flagNamer("statx_mask")(u32(b, 0))}, stx_attributes=${
    flagNamer("statx_attributes")(u32(b, 8))
  }, stx_mode=${modeText(mode)}, stx_size=${decAt(b, 40)}, ...}`;
}

/** `struct statfs`: twelve words of 64 bits, fsid of two of 32 at 56. */
function statfs(b: Uint8Array): string {
  const type = u32(b, 0);
  return `{f_type=${valueNamer("fs_magic")(type)}, f_bsize=${decAt(b, 8)}, f_blocks=${decAt(b, 16)}, ` +
    `f_bfree=${decAt(b, 24)}, f_bavail=${decAt(b, 32)}, f_files=${decAt(b, 40)}, f_ffree=${decAt(b, 48)}, ` +
    `f_fsid={val=[${hex(u32(b, 56))}, ${hex(u32(b, 60))}]}, f_namelen=${decAt(b, 64)}, f_frsize=${decAt(b, 72)}, ` +
    `f_flags=${flagNamer("statfs_flags")(u32(b, 80))}}`;
}

/** How many entries a directory read gave; each has its length at 16 (`struct linux_dirent64`, `linux_dirent`). */
function entries(d: Decoding, i: number): string {
  const bytes = d.call.ret[0];
  const shown = addressArgument(d, i);
  let count = 0;
  const b = readAt(d, argument(d, i), bytes);
  if (b.length < Math.min(bytes, 65536)) return shown;
  for (let at = 0; at + 18 <= b.length; count++) {
    const length = u16(b, at + 16);
    if (length === 0) break;
    at += length;
  }
  return `${shown} /* ${count} entr${count === 1 ? "y" : "ies"}${bytes > 65536 ? " at least" : ""} */`;
}

/** `struct open_how`: flags 0, mode 8, resolve 16. */
function openHow(d: Decoding, i: number): string {
  const size = argument(d, i + 1);
  return structAt(d, argument(d, i), size < 24 ? 0 : 24, addressArgument(d, i), (b) => {
    if (b.length < 24) return addressArgument(d, i);
    const mode = u32(b, 8) === 0 && u32(b, 12) === 0 ? "" : `, mode=${octal(u32(b, 8))}`;
    return `{flags=${flagNamer("open_flags", d.arch)(u32(b, 0))}${mode}, resolve=${
      flagNamer("resolve_flags")(u32(b, 16))
    }}`;
  });
}

/** An offset that the kernel moves: `[0] => [5]`. */
const OFFSET: Kind = {
  print: (d, i) => structAt(d, argument(d, i), 8, addressArgument(d, i), (b) => `[${sdecAt(b, 0)}]`),
};

/** `struct sembuf`: number 0, operation 2, flags 4, six bytes in all. */
function sembufs(d: Decoding, i: number, ref: number): string {
  const n = Math.min(refNumber(d, ref), MAX_ELEMENTS);
  const b = readAt(d, argument(d, i), 6 * n);
  if (b.length < 6 * n || n === 0) return addressArgument(d, i);
  const parts: string[] = [];
  for (let k = 0; k < n; k++) {
    const op = u16(b, 6 * k + 2) << 16 >> 16;
    parts.push(`{sem_num=${u16(b, 6 * k)}, sem_op=${op}, sem_flg=${flagNamer("sem_op_flags")(u16(b, 6 * k + 4))}}`);
  }
  return `[${parts.join(", ")}]`;
}

/** mincore's answer: a byte for each page. */
function resident(d: Decoding, i: number, ref: number): string {
  const pages = Math.ceil(refNumber(d, ref) / 4096);
  const b = readAt(d, argument(d, i), Math.min(pages, MAX_ELEMENTS));
  if (b.length === 0) return addressArgument(d, i);
  return `[${[...b].map((x) => x & 1).join(", ")}${pages > b.length ? ", ..." : ""}]`;
}

/** Printers of arguments that concern files. */
export const FILE_KINDS: Readonly<Record<string, Kind>> = {
  stat: struct(144, stat),
  statx: struct(256, statx),
  statfs: struct(120, statfs),
  entries32: { print: entries },
  entries64: { print: entries },
  fd_pair: struct(8, (b, d) => {
    const first = i32(b, 0), second = i32(b, 4);
    return `[${fdText(d, first)}, ${fdText(d, second)}]`;
  }),
  open_how: { print: openHow },
  offset: OFFSET,
  sembufs: { print: sembufs },
  resident: { print: resident },
};

import {
  addressArgument,
  addressAt,
  addressText,
  argument,
  decAt,
  type Decoding,
  type Kind,
  number64,
  readAt,
  refNumber,
} from "./_decoding.ts";
import { quoted, quotedHex } from "./_quote.ts";

/** A string that ends with a zero byte, at most `stringLimit` bytes of it. */
export function stringText(d: Decoding, address: number, shown: string): string {
  return zeroTerminated(d, address, shown, d.stringLimit);
}

/** A path: whole, whatever the limit of strings is. */
export function pathText(d: Decoding, address: number, shown: string): string {
  return zeroTerminated(d, address, shown, PATH_MAX - 1);
}

function zeroTerminated(d: Decoding, address: number, shown: string, limit: number): string {
  if (address === 0) return shown;
  // Paths are short: the first look is a small one, and the second takes the rest.
  let bytes = readAt(d, address, Math.min(limit + 1, FIRST_LOOK));
  let end = bytes.indexOf(0);
  if (end < 0 && bytes.length === FIRST_LOOK && limit + 1 > FIRST_LOOK) {
    bytes = readAt(d, address, limit + 1);
    end = bytes.indexOf(0);
  }
  if (end >= 0) return quoted(bytes, 0, end);
  // Memory ended before the string did.
  if (bytes.length <= limit) return shown;
  return `${quoted(bytes, 0, limit)}...`;
}

const PATH_MAX = 4096;
const FIRST_LOOK = 256;

/** A buffer of known length, at most `stringLimit` bytes of it. */
export function bufferText(d: Decoding, address: number, length: number, shown: string): string {
  if (address === 0) return shown;
  if (length === 0) return '""';
  const wanted = Math.min(length, d.stringLimit);
  const bytes = readAt(d, address, Math.max(wanted, 1));
  if (bytes.length < wanted || bytes.length === 0) return shown;
  return length > wanted ? `${quoted(bytes, 0, wanted)}...` : quoted(bytes, 0, wanted);
}

/**
 * An array of `struct iovec` with the bytes that they point to.
 *
 * @param limit how many bytes there are in all, when the kernel wrote them
 */
export function iovecsText(
  d: Decoding,
  address: number,
  count: number,
  shown: string,
  limit = Infinity,
  data = true,
): string {
  if (address === 0) return shown;
  if (count === 0) return "[]";
  const n = Math.min(count, MAX_ELEMENTS, IOV_MAX);
  // The read is followed by others: its bytes are copied.
  const found = readAt(d, address, 16 * n);
  const whole = found.length >> 4;
  if (whole === 0) return shown;
  const iovecs = found.slice(0, 16 * whole);
  const parts: string[] = [];
  let left = limit;
  for (let k = 0; k < whole; k++) {
    const length = number64(iovecs, 16 * k + 8);
    const base = number64(iovecs, 16 * k);
    const lies = addressAt(iovecs, 16 * k);
    const here = Math.min(length, left);
    const text = data ? bufferText(d, base, here, lies) : lies;
    parts.push(`{iov_base=${text}, iov_len=${decAt(iovecs, 16 * k + 8)}}`);
    left -= here;
  }
  if (whole < n) {
    parts.push(`... /* ${addressText((address + 16 * whole) >>> 0, Math.floor((address + 16 * whole) / 2 ** 32))} */`);
  } else if (count > n) parts.push("...");
  return `[${parts.join(", ")}]`;
}

/** Elements of an array that are shown at most. */
export const MAX_ELEMENTS = 32;
const IOV_MAX = 1024;

/** Strings of an array of pointers that ends with NULL: arguments of execve. */
function argumentsText(d: Decoding, i: number): string {
  const address = argument(d, i);
  const shown = addressArgument(d, i);
  if (address === 0) return shown;
  const pointers = pointersAt(d, address);
  if (pointers === null) return shown;
  const parts: string[] = [];
  for (const pointer of pointers.slice(0, MAX_ELEMENTS)) {
    parts.push(stringText(d, pointer, addressText(pointer >>> 0, Math.floor(pointer / 2 ** 32))));
  }
  if (pointers.length > MAX_ELEMENTS) parts.push("...");
  return `[${parts.join(", ")}]`;
}

/** How many strings there are: environments are long. */
function environmentText(d: Decoding, i: number): string {
  const address = argument(d, i);
  const shown = addressArgument(d, i);
  if (address === 0) return shown;
  const pointers = pointersAt(d, address);
  if (pointers === null) return shown;
  const unfinished = pointers.length >= MAX_POINTERS ? ", unterminated" : "";
  return `${shown} /* ${pointers.length} var${pointers.length === 1 ? "" : "s"}${unfinished} */`;
}

/** Null when not even one pointer could be read. */
function pointersAt(d: Decoding, address: number): number[] | null {
  const pointers: number[] = [];
  for (let from = address; pointers.length < MAX_POINTERS;) {
    const bytes = readAt(d, from, 2048);
    const whole = bytes.length >> 3;
    if (whole === 0) return pointers.length > 0 ? pointers : null;
    for (let k = 0; k < whole; k++) {
      const pointer = number64(bytes, 8 * k);
      if (pointer === 0) return pointers;
      pointers.push(pointer);
    }
    from += 8 * whole;
  }
  return pointers;
}

const MAX_POINTERS = 8192;

/** Printers of arguments that point to text or bytes. */
export const STRING_KINDS: Readonly<Record<string, Kind>> = {
  path: { print: (d, i) => pathText(d, argument(d, i), addressArgument(d, i)) },
  path_text: { print: (d, i) => pathText(d, argument(d, i), addressArgument(d, i)) },
  string: { print: (d, i) => stringText(d, argument(d, i), addressArgument(d, i)) },
  buffer: { print: (d, i, ref) => bufferText(d, argument(d, i), refNumber(d, ref), addressArgument(d, i)) },
  random: {
    print: (d, i, ref) => {
      const length = refNumber(d, ref);
      if (argument(d, i) === 0) return "NULL";
      const wanted = Math.min(length, d.stringLimit);
      const bytes = readAt(d, argument(d, i), wanted);
      if (bytes.length < wanted) return addressArgument(d, i);
      return quotedHex(bytes, 0, wanted) + (length > wanted ? "..." : "");
    },
  },
  // Most file systems take no data: null is common.
  mount_data: {
    print: (d, i, ref) => {
      const MS_BIND = 0x1000, MS_REMOUNT = 32, MS_MOVE = 0x2000, MS_PROPAGATION = 0x1e_0000;
      const flags = d.call.args[2 * ref];
      const ignored = (flags & (MS_BIND | MS_MOVE | MS_PROPAGATION)) !== 0 && (flags & MS_REMOUNT) === 0;
      return ignored ? addressArgument(d, i) : stringText(d, argument(d, i), addressArgument(d, i));
    },
  },
  iovecs: { print: (d, i, ref) => iovecsText(d, argument(d, i), refNumber(d, ref), addressArgument(d, i)) },
  iovecs_raw: {
    print: (d, i, ref) => iovecsText(d, argument(d, i), refNumber(d, ref), addressArgument(d, i), Infinity, false),
  },
  // The kernel filled as many bytes as the call returned.
  iovecs_in: {
    print: (d, i, ref) => iovecsText(d, argument(d, i), refNumber(d, ref), addressArgument(d, i), d.call.ret[0]),
  },
  arguments: { print: argumentsText },
  environment: { print: environmentText },
};

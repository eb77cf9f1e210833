import {
  addressArgument,
  argument,
  decAt,
  type Decoding,
  i32,
  intArgument,
  type Kind,
  readAt,
  refNumber,
  sdec64,
  u16,
  u32,
} from "./_decoding.ts";
import { fdText } from "./_kinds_scalar.ts";
import { MAX_ELEMENTS } from "./_kinds_string.ts";
import { timespecText, timevalText } from "./_kinds_time.ts";
import { flagNamer } from "./_xlat.ts";

/** `struct pollfd`: fd 0, events 4, revents 6. */
function pollFds(d: Decoding, i: number, ref: number): string {
  const address = argument(d, i), count = refNumber(d, ref);
  if (address === 0) return "NULL";
  if (count === 0) return "[]";
  const n = Math.min(count, MAX_ELEMENTS);
  const b = readAt(d, address, 8 * n);
  const whole = b.length >> 3;
  if (whole === 0) return addressArgument(d, i);
  const parts: string[] = [];
  for (let k = 0; k < whole; k++) {
    const fd = i32(b, 8 * k);
    const events = fd < 0 ? "" : `, events=${flagNamer("poll_events")(u16(b, 8 * k + 4))}`;
    parts.push(`{fd=${fdText(d, fd)}${events}}`);
  }
  return `[${parts.join(", ")}${count > whole ? ", ..." : ""}]`;
}

/** What poll found: `1 ([{fd=3, revents=POLLIN}])`, and what ppoll has left of its time. */
export function pollFound(d: Decoding): string {
  const found = d.call.ret[0];
  const ppoll = POLL_TIME_IS_STRUCT.has(nameless(d));
  if (found === 0) return "0 (Timeout)";
  const count = argument(d, 1);
  const b = readAt(d, argument(d, 0), 8 * Math.min(count, 4096));
  const parts: string[] = [];
  let more = false;
  for (let k = 0; 8 * k + 8 <= b.length; k++) {
    const revents = u16(b, 8 * k + 6);
    if (revents === 0) continue;
    if (parts.length >= MAX_ELEMENTS) {
      more = true;
      break;
    }
    parts.push(`{fd=${fdText(d, i32(b, 8 * k))}, revents=${flagNamer("poll_events")(revents)}}`);
  }
  const fds = `[${parts.join(", ")}${more ? ", ..." : ""}]`;
  const left = ppoll ? leftOf(d, 2, timespecText) : "";
  return `${sdec64(d.call.ret[0], d.call.ret[1])} (${fds}${left && `, ${left}`})`;
}

/** Numbers of ppoll on x86-64 and aarch64; of the other calls with such an answer, none has them. */
const POLL_TIME_IS_STRUCT = new Set(["x86_64 271", "aarch64 73"]);
const PSELECT = new Set(["x86_64 270", "aarch64 72"]);

function nameless(d: Decoding): string {
  return `${d.arch} ${d.call.nr}`;
}

function leftOf(d: Decoding, i: number, text: (b: Uint8Array, at: number) => string): string {
  const b = readAt(d, argument(d, i), 16);
  return b.length < 16 ? "" : `left ${text(b, 0)}`;
}

/** A set of descriptors below argument `ref`: `[3 5]`. */
function fdSet(d: Decoding, i: number, count: number): string {
  const b = setAt(d, i, count);
  return b === null ? addressArgument(d, i) : membersText(d, b, count);
}

function setAt(d: Decoding, i: number, count: number): Uint8Array | null {
  // The kernel reads whole words.
  const bytes = Math.ceil(Math.min(Math.max(count, 0), MAX_FDS) / 64) * 8;
  const b = readAt(d, argument(d, i), bytes);
  return b.length < bytes || bytes === 0 ? null : b;
}

function membersText(d: Decoding, b: Uint8Array, count: number): string {
  const fds: string[] = [];
  for (let fd = 0; fd < Math.min(count, b.length * 8); fd++) {
    if (!(b[fd >> 3] >> (fd & 7) & 1)) continue;
    if (fds.length >= MAX_ELEMENTS) {
      fds.push("...");
      break;
    }
    fds.push(fdText(d, fd));
  }
  return `[${fds.join(" ")}]`;
}

const MAX_FDS = 65536;

/** What select found: `1 (in [3], left {…})`. */
export function selectFound(d: Decoding): string {
  const found = d.call.ret[0];
  if (found === 0) return "0 (Timeout)";
  const count = intArgument(d, 0);
  const parts: string[] = [];
  for (const [i, name] of [[1, "in"], [2, "out"], [3, "except"]] as const) {
    const b = setAt(d, i, count);
    if (b === null || b.every((x) => x === 0)) continue;
    parts.push(`${name} ${membersText(d, b, count)}`);
  }
  const left = leftOf(d, 4, PSELECT.has(nameless(d)) ? timespecText : timevalText);
  if (left) parts.push(left);
  return `${found} (${parts.join(", ")})`;
}

/** `struct epoll_event`: 12 bytes on x86-64, which packs it, 16 elsewhere. */
function epollEvent(d: Decoding, b: Uint8Array, at: number): string {
  const data = at + (d.arch === "x86_64" ? 4 : 8);
  const flags = flagNamer("epoll_events")(u32(b, at));
  return `{events=${flags}, data={u32=${u32(b, data)}, u64=${decAt(b, data)}}}`;
}

/** Printers of arguments of poll, select and epoll. */
export const POLL_KINDS: Readonly<Record<string, Kind>> = {
  poll_fds: { print: pollFds },
  fd_set: { print: (d, i, ref) => fdSet(d, i, intArgument(d, ref)) },
  epoll_event: {
    print: (d, i) => {
      const size = d.arch === "x86_64" ? 12 : 16;
      const b = readAt(d, argument(d, i), size);
      return b.length < size ? addressArgument(d, i) : epollEvent(d, b, 0);
    },
  },
  epoll_found: {
    print: (d, i, ref) => {
      const count = refNumber(d, ref);
      const size = d.arch === "x86_64" ? 12 : 16;
      if (count === 0) return "[]";
      const n = Math.min(count, MAX_ELEMENTS);
      const b = readAt(d, argument(d, i), size * n);
      if (b.length < size * n) return addressArgument(d, i);
      const parts: string[] = [];
      for (let k = 0; k < n; k++) parts.push(epollEvent(d, b, size * k));
      return `[${parts.join(", ")}${count > n ? ", ..." : ""}]`;
    },
  },
};

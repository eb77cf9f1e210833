import {
  addressArgument,
  addressAt,
  argument,
  decAt,
  type Decoding,
  hex,
  hexAt,
  i32,
  type Kind,
  number64,
  readAt,
  refNumber,
  sdecAt,
  u32,
} from "./_decoding.ts";
import { signalText } from "./_kinds_scalar.ts";
import { struct } from "./_struct.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

/** A set of signals by two words: `[INT QUIT]`, or `~[…]` when most are in it. */
export function signalSet(lo: number, hi: number): string {
  let count = 0;
  for (let n = 0; n < 64; n++) if ((n < 32 ? lo >>> n : hi >>> (n - 32)) & 1) count++;
  const inverted = count >= 43;
  const names: string[] = [];
  for (let n = 0; n < 64; n++) {
    const member = ((n < 32 ? lo >>> n : hi >>> (n - 32)) & 1) === 1;
    if (member !== inverted) names.push(signalText(n + 1).replace(/^SIG/, ""));
  }
  return `${inverted ? "~" : ""}[${names.join(" ")}]`;
}

const sets = new Map<number, string>();
const MAX_SETS = 256;

/** A set at an address; kept by value: programs block and unblock the same ones. */
export function signalSetAt(b: Uint8Array, at: number): string {
  const lo = u32(b, at), hi = u32(b, at + 4);
  const key = hi * 2 ** 32 + lo;
  // Above 2^53 different sets would share a key.
  if (hi >= 0x20_0000) return signalSet(lo, hi);
  let text = sets.get(key);
  if (text === undefined) {
    text = signalSet(lo, hi);
    if (sets.size < MAX_SETS) sets.set(key, text);
  }
  return text;
}

/** `struct sigaction` as the kernel takes it: handler, flags, (restorer,) mask. */
function sigaction(b: Uint8Array): string {
  const SA_RESTORER = 0x0400_0000;
  const handler = u32(b, 4) === 0 && u32(b, 0) < 2 ? ["SIG_DFL", "SIG_IGN"][u32(b, 0)] : hexAt(b, 0);
  const flags = u32(b, 8);
  const restorer = flags & SA_RESTORER ? `, sa_restorer=${addressAt(b, 16)}` : "";
  return `{sa_handler=${handler}, sa_mask=${signalSetAt(b, 24)}, sa_flags=${flagNamer("sa_flags")(flags)}${restorer}}`;
}

/** `siginfo_t`: what waitid and sigtimedwait tell of. */
export function siginfoText(b: Uint8Array): string {
  const signo = i32(b, 0), errno = i32(b, 4), code = i32(b, 8);
  if (signo === 0 && code === 0 && errno === 0) return "{}";
  const SIGCHLD = 17, SIGTRAP = 5;
  const head = `{si_signo=${signalText(signo)}, si_code=${codeText(signo, code)}${errno ? `, si_errno=${errno}` : ""}`;
  if (code > 0 && signo === SIGCHLD) {
    const status = i32(b, 24);
    const shown = code === 1 ? String(status) : signalText(status);
    return `${head}, si_pid=${i32(b, 16)}, si_uid=${u32(b, 20)}, si_status=${shown}, ` +
      `si_utime=${decAt(b, 32)}, si_stime=${decAt(b, 40)}}`;
  }
  if (code === 0 || code === -6) return `${head}, si_pid=${i32(b, 16)}, si_uid=${u32(b, 20)}}`;
  if (code === -2) {
    return `${head}, si_timerid=${hex(u32(b, 16))}, si_overrun=${i32(b, 20)}, si_int=${i32(b, 24)}, si_ptr=${
      addressAt(b, 24)
    }}`;
  }
  if (code < 0) {
    return `${head}, si_pid=${i32(b, 16)}, si_uid=${u32(b, 20)}, si_int=${i32(b, 24)}, si_ptr=${addressAt(b, 24)}}`;
  }
  return signo === SIGTRAP || signo === 11 || signo === 7 ? `${head}, si_addr=${addressAt(b, 16)}}` : `${head}}`;
}

function codeText(signo: number, code: number): string {
  if (code > 0 && signo === 17) return valueNamer("cld")(code);
  return valueNamer("si_code")(code).replace(/^0xf.*/, String(code));
}

/** `siginfo_t` is 128 bytes; what is shown lies in the first 48. */
const SIGINFO = struct(48, siginfoText);

function sigset(d: Decoding, i: number, ref: number): string {
  const size = refNumber(d, ref);
  const b = readAt(d, argument(d, i), 8);
  return b.length < 8 || size < 8 ? addressArgument(d, i) : signalSetAt(b, 0);
}

/** pselect6's sixth argument: a pointer to a set and its size. */
function sigsetAndSize(d: Decoding, i: number): string {
  const b = readAt(d, argument(d, i), 16);
  if (b.length < 16) return addressArgument(d, i);
  const address = number64(b, 0), shown = addressAt(b, 0), size = decAt(b, 8);
  const set = readAt(d, address, 8);
  return `{sigmask=${set.length < 8 ? shown : signalSetAt(set, 0)}, sigsetsize=${size}}`;
}

function signalStack(b: Uint8Array): string {
  const flags = i32(b, 8);
  return `{ss_sp=${addressAt(b, 0)}, ss_flags=${flagNamer("stack_flags")(flags)}, ss_size=${sdecAt(b, 16)}}`;
}

/** Printers of signals, their sets and actions. */
export const SIGNAL_KINDS: Readonly<Record<string, Kind>> = {
  sigset: { print: sigset },
  sigset_and_size: { print: sigsetAndSize },
  sigaction: struct(32, sigaction),
  siginfo: SIGINFO,
  signal_stack: struct(24, signalStack),
};

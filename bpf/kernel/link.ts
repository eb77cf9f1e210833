import { bpf, bytesAddress, cString, type Fd, ownFd, read, SysError } from "../../core/sys/mod.ts";
import { ATTACH_TYPE, CMD } from "./commands.ts";

/** BPF_F_KPROBE_MULTI_RETURN and BPF_F_UPROBE_MULTI_RETURN. */
const MULTI_RETURN = 1;
const ATTR_BYTES = 64;

/** `link_create` of `union bpf_attr`: program, target, kind and flags, then what is the kind's own. */
function createLink(
  what: string,
  program: number,
  target: number,
  attachType: number,
  flags: number,
  fill: (view: DataView) => readonly ArrayBufferView[],
): Fd {
  const attr = new Uint8Array(new ArrayBuffer(ATTR_BYTES));
  const view = new DataView(attr.buffer);
  view.setUint32(0, program, true);
  view.setUint32(4, target, true);
  view.setUint32(8, attachType, true);
  view.setUint32(12, flags, true);
  const keep = fill(view);
  const fd = bpf(CMD.LINK_CREATE, attr, keep);
  if (fd < 0) throw new SysError("bpf", fd, what);
  return ownFd(fd);
}

/** Addresses of texts in one buffer, and what has to stay alive while they are used. */
function pointers(texts: readonly Uint8Array[]): { table: BigUint64Array<ArrayBuffer>; keep: ArrayBufferView[] } {
  const table = new BigUint64Array(new ArrayBuffer(texts.length * 8));
  texts.forEach((text, i) => table[i] = bytesAddress(text));
  return { table, keep: [table, ...texts] };
}

/** Cookies that number what is attached: 0, 1, 2, … */
function numbers(count: number): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from({ length: count }, (_, i) => BigInt(i));
}

/**
 * Attaches a program to kernel functions, all with one link (kernel/trace/bpf_trace.c, bpf_kprobe_multi_link_attach;
 * since Linux 5.18). The cookie of each is its index.
 *
 * @throws {SysError} ESRCH when a function is not there or not to be traced, EOPNOTSUPP without CONFIG_FPROBE
 */
export function linkKprobeMulti(program: number, symbols: readonly string[], returns: boolean): Fd {
  const { table, keep } = pointers(symbols.map(cString));
  const cookies = numbers(symbols.length);
  const what = symbols.length === 1 ? symbols[0] : `${symbols.length} kernel functions`;
  return createLink(what, program, 0, ATTACH_TYPE.TRACE_KPROBE_MULTI, 0, (view) => {
    view.setUint32(16, returns ? MULTI_RETURN : 0, true);
    view.setUint32(20, symbols.length, true);
    view.setBigUint64(24, bytesAddress(table), true);
    view.setBigUint64(40, bytesAddress(cookies), true);
    return [...keep, cookies];
  });
}

/**
 * Attaches a program to places in a file, all with one link (bpf_uprobe_multi_link_attach; since Linux 6.6). The cookie
 * of each is its index.
 *
 * @param semaphores offsets of the counters that tell a program that somebody listens; 0 for none
 * @param pid only this process: no other one gets a breakpoint. Default: all
 * @throws {SysError}
 */
export function linkUprobeMulti(
  program: number,
  path: string,
  offsets: readonly number[],
  semaphores: readonly number[],
  returns: boolean,
  pid = 0,
): Fd {
  const file = cString(path);
  const table = BigUint64Array.from(offsets, BigInt);
  const counters = BigUint64Array.from(semaphores, BigInt);
  const cookies = numbers(offsets.length);
  return createLink(path, program, 0, ATTACH_TYPE.TRACE_UPROBE_MULTI, 0, (view) => {
    view.setBigUint64(16, bytesAddress(file), true);
    view.setBigUint64(24, bytesAddress(table), true);
    if (semaphores.some((s) => s !== 0)) view.setBigUint64(32, bytesAddress(counters), true);
    view.setBigUint64(40, bytesAddress(cookies), true);
    view.setUint32(48, offsets.length, true);
    view.setUint32(52, returns ? MULTI_RETURN : 0, true);
    view.setUint32(56, pid, true);
    return [file, table, counters, cookies];
  });
}

/** Attaches an XDP program to an interface, by the generic way that every driver has. @throws {SysError} EBUSY */
export function linkXdp(program: number, interfaceIndex: number, name: string): Fd {
  const XDP_FLAGS_SKB_MODE = 2;
  return createLink(`interface ${name}`, program, interfaceIndex, ATTACH_TYPE.XDP, XDP_FLAGS_SKB_MODE, () => []);
}

/** Attaches a program of an iterator: nothing runs before {@linkcode runIterator}. @throws {SysError} */
export function linkIterator(program: number, target: string): Fd {
  return createLink(`iterator ${target}`, program, 0, ATTACH_TYPE.TRACE_ITER, 0, () => []);
}

/** Runs an iterator to its end: the program sees every object once. @throws {SysError} */
export function runIterator(link: number): void {
  const attr = new Uint8Array(new ArrayBuffer(8));
  new DataView(attr.buffer).setUint32(0, link, true);
  const fd = bpf(CMD.ITER_CREATE, attr);
  if (fd < 0) throw new SysError("bpf", fd, "an iterator");
  using iterator = ownFd(fd);
  const text = new Uint8Array(new ArrayBuffer(4096));
  const EAGAIN = -11;
  // The programs print nothing; EAGAIN says that it has seen a million objects and goes on from there.
  for (let n = read(iterator.fd, text); n !== 0; n = read(iterator.fd, text)) {
    if (n < 0 && n !== EAGAIN) throw new SysError("read", n, "an iterator");
  }
}

/** Attaches a raw tracepoint, typed or not, or a trampoline: what it attaches to was said when it was loaded. */
export function openTracing(program: number, what: string): Fd {
  const attr = new Uint8Array(new ArrayBuffer(16));
  new DataView(attr.buffer).setUint32(8, program, true);
  const fd = bpf(CMD.RAW_TRACEPOINT_OPEN, attr);
  if (fd < 0) throw new SysError("bpf", fd, what);
  return ownFd(fd);
}

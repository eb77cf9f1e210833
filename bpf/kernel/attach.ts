import { encodeAttr } from "../../core/perf/attr.ts";
import type { Host } from "../../core/host/mod.ts";
import { parseCpuList } from "../../core/host/parse_cpu_list.ts";
import { readNumberFile } from "../../core/host/read_number_file.ts";
import {
  bpf,
  bytesAddress,
  cString,
  ERRNO,
  type Fd,
  ioctl,
  keeping,
  ownFd,
  perfEventOpen,
  perfEventOpenRaw,
  SysError,
} from "../../core/sys/mod.ts";
import type { Attach } from "../probes/target.ts";
import { CMD } from "./commands.ts";
import { linkIterator, linkKprobeMulti, linkUprobeMulti, linkXdp, openTracing, runIterator } from "./link.ts";

/**
 * Attaches a program. Closing the answers detaches it.
 *
 * @throws {SysError} what was attached until then is detached again
 */
export function attach(program: number, to: Attach, host: Host): Fd[] {
  switch (to.kind) {
    case "raw_tracepoint":
      return [attachRawTracepoint(program, to.name)];
    case "tracepoint":
      return [attachTracepoint(program, to.id, to.name)];
    case "kprobe":
      return [attachKprobe(program, to.symbol, to.returns, host)];
    case "kprobe_multi":
      return [linkKprobeMulti(program, to.symbols, to.returns)];
    case "trampoline":
      return [openTracing(program, to.symbol)];
    case "uprobe": {
      if (!to.multi) {
        return all(to.places.map((place) => () => attachUprobe(program, to.path, place, to.returns, host)));
      }
      const offsets = to.places.map((p) => p.offset);
      return [linkUprobeMulti(program, to.path, offsets, to.places.map((p) => p.semaphore), to.returns)];
    }
    case "perf_event":
      return attachPerfEvent(program, to, host);
    case "iter": {
      const link = linkIterator(program, to.target);
      try {
        runIterator(link.fd);
        return [link];
      } catch (error) {
        link[Symbol.dispose]();
        throw error;
      }
    }
    case "xdp":
      return [linkXdp(program, interfaceIndex(to.interface, host), to.interface)];
  }
}

function all(attempts: readonly (() => Fd)[]): Fd[] {
  using undo = new DisposableStack();
  const fds = attempts.map((attempt) => undo.use(attempt()));
  undo.move();
  return fds;
}

/** Attaches a program to a raw tracepoint. Closing the answer detaches. @throws {SysError} ENOENT for an unknown name */
export function attachRawTracepoint(program: number, name: string): Fd {
  const attr = new Uint8Array(new ArrayBuffer(16));
  const view = new DataView(attr.buffer);
  const text = cString(name);
  view.setBigUint64(0, bytesAddress(text), true);
  view.setUint32(8, program, true);
  const fd = bpf(CMD.RAW_TRACEPOINT_OPEN, attr, [text]);
  if (fd < 0) throw new SysError("bpf", fd, `raw tracepoint ${name}`);
  return ownFd(fd);
}

const PERF_TYPE_TRACEPOINT = 2;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;

/** Attaches a program to a tracepoint, on all CPUs. Closing the answer detaches (60–110 ms). @throws {SysError} */
export function attachTracepoint(program: number, id: number, name: string): Fd {
  // The event itself samples nothing, the program is called by the tracepoint.
  const attr = encodeAttr({ type: PERF_TYPE_TRACEPOINT, config: id, period: 1, wakeupWatermark: 1 });
  return withProgram(perfEventOpen(attr, -1, 0), program, `tracepoint ${name}`);
}

/** Gives a perf event a program and switches it on; closes it when that fails. */
function withProgram(event: Fd, program: number, what: string): Fd {
  try {
    for (const [request, argument] of [[PERF_EVENT_IOC_SET_BPF, program], [PERF_EVENT_IOC_ENABLE, 0]] as const) {
      const result = ioctl(event.fd, request, argument);
      if (result < 0) throw new SysError("ioctl", result, what);
    }
    return event;
  } catch (error) {
    event[Symbol.dispose]();
    throw error;
  }
}

/** Offsets of `config1` and `config2` in `struct perf_event_attr`: a text's address, and an offset or address. */
const CONFIG1 = 56;
const CONFIG2 = 64;

/** One probe by a perf event of the kernel's own kind (kernel/trace/trace_event_perf.c, perf_kprobe_init). */
function attachProbe(
  program: number,
  kind: "kprobe" | "uprobe",
  text: string,
  offset: number,
  config: bigint,
  what: string,
  host: Host,
  pid = -1,
): Fd {
  const type = readNumberFile(`${host.path("event_source")}/${kind}/type`);
  if (type === null) throw new SysError("perf_event_open", -ERRNO.ENOENT, `${what}: there are no ${kind}s here`);
  const attr = encodeAttr({ type, config: 0, period: 1, wakeupWatermark: 1 });
  const view = new DataView(attr.buffer);
  const name = cString(text);
  view.setBigUint64(8, config, true);
  view.setBigUint64(CONFIG1, bytesAddress(name), true);
  view.setBigUint64(CONFIG2, BigInt(offset), true);
  const fd = keeping([name], () => perfEventOpenRaw(attr, pid, pid < 0 ? 0 : -1));
  if (fd < 0) throw new SysError("perf_event_open", fd, what);
  return withProgram(ownFd(fd), program, what);
}

function attachKprobe(program: number, symbol: string, returns: boolean, host: Host): Fd {
  return attachProbe(program, "kprobe", symbol, 0, returns ? 1n : 0n, `kernel function ${symbol}`, host);
}

/**
 * Attaches a program to a place in a file, by a perf event. Closing the answer detaches (90–130 ms).
 *
 * @param pid only this process: no other one gets a breakpoint. Default: all
 * @throws {SysError}
 */
export function attachUprobe(
  program: number,
  path: string,
  { offset, semaphore }: { readonly offset: number; readonly semaphore: number },
  returns: boolean,
  host: Host,
  pid?: number,
): Fd {
  // Bit 0: at the return; bits 32 to 63: the counter of a USDT probe.
  const config = (returns ? 1n : 0n) | BigInt(semaphore) << 32n;
  return attachProbe(program, "uprobe", path, offset, config, `${path}+0x${offset.toString(16)}`, host, pid);
}

function attachPerfEvent(program: number, to: Extract<Attach, { kind: "perf_event" }>, host: Host): Fd[] {
  const online = parseCpuList(Deno.readTextFileSync(host.path("cpu_online")));
  const rate = to.frequencyHz === null ? { period: to.period } : { frequencyHz: to.frequencyHz };
  const attr = encodeAttr({ type: to.type, config: to.config, ...rate });
  return all(
    (to.everyCpu ? online : online.slice(0, 1)).map((cpu) => () =>
      withProgram(perfEventOpen(attr, -1, cpu), program, `perf event ${to.type}:${to.config}`)
    ),
  );
}

function interfaceIndex(name: string, host: Host): number {
  // A name from a recipe becomes part of a path.
  const index = /^[^/\s]{1,15}$/.test(name) && name !== "." && name !== ".."
    ? readNumberFile(`${host.path("net_class")}/${name}/ifindex`)
    : null;
  if (index === null) throw new SysError("bpf", -ERRNO.ENODEV, `There is no network interface "${name}"`);
  return index;
}

import { bpf, bytesAddress, cString, type Fd, ioctl, ownFd, perfEventOpen, SysError } from "../../core/sys/mod.ts";
import { CMD } from "./commands.ts";

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
const PERF_ATTR_BYTES = 112;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;

/** Attaches a program to a tracepoint, on all CPUs. Closing the answer detaches (60–110 ms). @throws {SysError} */
export function attachTracepoint(program: number, id: number, name: string): Fd {
  const attr = new Uint8Array(new ArrayBuffer(PERF_ATTR_BYTES));
  const view = new DataView(attr.buffer);
  view.setUint32(0, PERF_TYPE_TRACEPOINT, true);
  view.setUint32(4, PERF_ATTR_BYTES, true);
  view.setBigUint64(8, BigInt(id), true);
  // sample_period 1, wakeup_events 1: the event itself samples nothing, the program is called by the tracepoint.
  view.setBigUint64(16, 1n, true);
  view.setUint32(48, 1, true);
  const event = perfEventOpen(attr, -1, 0);
  try {
    for (const [request, argument] of [[PERF_EVENT_IOC_SET_BPF, program], [PERF_EVENT_IOC_ENABLE, 0]] as const) {
      const result = ioctl(event.fd, request, argument);
      if (result < 0) throw new SysError("ioctl", result, `tracepoint ${name}`);
    }
    return event;
  } catch (error) {
    event[Symbol.dispose]();
    throw error;
  }
}

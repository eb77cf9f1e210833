import { encodeAttr } from "../../core/perf/attr.ts";
import { drainRings, type PerfRing, perfRing, type RecordSink } from "../../core/perf/ring.ts";
import { sampleLayout } from "../../core/perf/sample_layout.ts";
import { SAMPLE } from "../../core/perf/abi.ts";
import { CLOCK, clockNs, ioctl, MAP, mmapFd, perfEventOpen, PROT, SysError } from "../../core/sys/mod.ts";
import { updateMap } from "../kernel/map.ts";
import type { RecordSource } from "./record_source.ts";

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10;
const PERF_SAMPLE_RAW = 1 << 10;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const LAYOUT = sampleLayout(SAMPLE.TIME);
/** Words from a sample's header to its data: header, time, and the data's length. */
const DATA_WORD = 5;
/** A record is stamped before it is published: what is younger than this, in ns, may still be on its way elsewhere. */
const SETTLE_NS = 1e6;

/**
 * The rings behind a perf buffer (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`; kernel/trace/bpf_trace.c, bpf_perf_event_output): one
 * for each CPU that is online, read in the order of time. For kernels before 5.8, which have no ring buffer.
 *
 * @param map descriptor of the array, which gets an event for each CPU
 * @param cpus those that are online
 * @param ringBytes of each ring, a power of two
 * @throws {SysError}
 */
export function openPerfRings(map: number, cpus: readonly number[], ringBytes: number, pageSize: number): RecordSource {
  // A wakeup for each record would cost twenty times as much as the record: nobody waits, we look.
  const attr = encodeAttr({
    type: PERF_TYPE_SOFTWARE,
    config: PERF_COUNT_SW_BPF_OUTPUT,
    sampleType: SAMPLE.TIME | PERF_SAMPLE_RAW,
    period: 1,
    wakeupWatermark: ringBytes >>> 1,
    clockId: CLOCK.MONOTONIC,
  });
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const rings: PerfRing[] = [];
  for (const cpu of cpus) {
    const event = owned.use(perfEventOpen(attr, -1, cpu));
    const mapping = owned.use(mmapFd(event.fd, pageSize + ringBytes, PROT.READ | PROT.WRITE, MAP.SHARED));
    rings.push(perfRing(mapping.buffer, pageSize));
    updateMap(map, Uint32Array.of(cpu), Uint32Array.of(event.fd), `the ring of CPU ${cpu}`);
    const result = ioctl(event.fd, PERF_EVENT_IOC_ENABLE);
    if (result < 0) throw new SysError("ioctl", result, `the ring of CPU ${cpu}`);
  }
  undo.move();

  let words: Uint32Array | null = null;
  let bytes = new Uint8Array(0);
  return {
    drain(visit, all = false): number {
      let n = 0;
      const sink: RecordSink = {
        sample(at, header): void {
          if (at !== words) {
            words = at;
            bytes = new Uint8Array(at.buffer as ArrayBuffer, at.byteOffset, at.byteLength);
          }
          visit(bytes, at, (header + DATA_WORD) * 4);
          n++;
        },
        // What found a ring full was counted by the program that sent it.
        record(): void {},
        corrupt(): void {
          throw new TypeError("A ring of the kernel holds nonsense");
        },
      };
      drainRings(rings, LAYOUT, sink, all ? Infinity : clockNs(CLOCK.MONOTONIC) - SETTLE_NS);
      return n;
    },
    fill: () => Math.max(0, ...rings.map((r) => (Number(Atomics.load(r.control, 128)) - r.tail) / ringBytes)),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

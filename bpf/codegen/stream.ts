import { HELPER } from "../asm/mod.ts";
import { CTX, emitCount, FP, type Gen, MAP, SCRATCH } from "./gen.ts";
import type { Struct } from "./layout.ts";
import { emitStruct, emitStructWithTail } from "./write_struct.ts";

/** Records up to this length are built on the stack. */
const STACK_RECORD_BYTES = 160;
/** `bpf_ringbuf_output` flag: the reader looks by itself, a wakeup for each record would cost twenty times as much. */
const BPF_RB_NO_WAKEUP = 1;

/** `bpf_perf_event_output` flag: into the ring of this CPU. */
const BPF_F_CURRENT_CPU = 0xffff_ffffn;

/** Sends the event as a record. When the ring is full it is counted as lost. */
export function emitStream(g: Gen, record: Struct): void {
  emitRecord(g, record);
  g.a.jump("eq", 0, 0, g.end);
  emitCount(g, "ring");
}

/** Sends a record; r0 is 0 when it was. */
export function emitRecord(g: Gen, record: Struct): void {
  const { a } = g;
  if (record.tailBytes === 0 && record.bytes <= STACK_RECORD_BYTES) {
    // A record has a length, even one without fields.
    const bytes = Math.max(8, record.bytes);
    const off = g.frame.alloc(bytes);
    if (record.bytes === 0) a.storeImm(8, FP, off, 0);
    emitStruct(g, record, { base: FP, off });
    a.movReg(2, FP).alu("add", 2, off).constant(3, bytes);
  } else {
    const off = g.scratch(record.bytes + record.tailBytes);
    emitStructWithTail(g, record, off);
    a.movReg(2, SCRATCH).alu("add", 2, off).movReg(3, 8).alu("add", 3, record.bytes);
  }
  if (g.machine.stream === "ring") a.map(1, MAP.ring).constant(4, BPF_RB_NO_WAKEUP).call(HELPER.ringbuf_output);
  else {
    a.movReg(4, 2).movReg(5, 3).movReg(1, CTX).map(2, MAP.ring).constant(3, BPF_F_CURRENT_CPU);
    a.call(HELPER.perf_event_output);
  }
}

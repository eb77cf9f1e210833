/**
 * Runs in a guest: takes the kernel's registers and its stack at probed functions, together with what the kernel's own
 * unwinder says at that moment (`bpf_get_stack`), and prints an {@linkcode OrcCapture} as JSON. `orc_capture.ts PROGRAM`:
 * PROGRAM is the compiled workload.c.
 *
 * @module
 */
import { Assembler, HELPER, link } from "../../bpf/asm/mod.ts";
import { attach } from "../../bpf/kernel/attach.ts";
import { createMap } from "../../bpf/kernel/map.ts";
import { loadProgram } from "../../bpf/kernel/program.ts";
import { openRing } from "../../bpf/ring/ring_reader.ts";
import { openHost } from "../../core/host/mod.ts";

/** What was captured on one kernel. Numbers are 64-bit, in hexadecimal. */
export interface OrcCapture {
  /** Address of `_stext`. */
  readonly stext: string;
  readonly modules: readonly { readonly name: string; readonly sections: Readonly<Record<string, string>> }[];
  /** Functions that could not be probed, and why. */
  readonly refused: readonly string[];
  readonly samples: readonly OrcSample[];
}

/** One moment. */
export interface OrcSample {
  /** The function that was probed. */
  readonly probe: string;
  /** `struct pt_regs`. */
  readonly regs: string;
  /** The stack, from its pointer to its end. */
  readonly stack: string;
  /** What `bpf_get_stack` said, leaf first. */
  readonly frames: readonly string[];
}

/** Functions that are called from system calls, page faults, interrupts, in exec, exit and the file system of the guest. */
const PROBES = [
  ...["vfs_read", "handle_mm_fault", "do_exit", "wake_up_new_task", "mutex_lock", "kmem_cache_free", "dput"],
  ...["hrtimer_interrupt", "try_to_wake_up", "finish_task_switch.isra.0", "p9_client_rpc", "filemap_fault"],
];
const LOADS = [["read", "20"], ["child", "4"]];

const REGS = 168;
const STACK_LENGTH = 168;
const FRAMES_LENGTH = 176;
const FRAMES = 184;
const MAX_FRAMES = 127;
const STACK = FRAMES + MAX_FRAMES * 8;
const THREAD_SIZE = 16 << 10;
const GET_STACK = 67;
const RING = 1 << 19;
const SAMPLES_PER_PROBE = 20;

/**
 * Stacks of threads are aligned to their size, so the end follows from the pointer. Those of interrupts are not: what
 * can be read for certain ends with the page.
 */
function program(): Assembler {
  const a = new Assembler();
  const out = a.label("out");
  const done = a.label("done");
  const comm = new DataView(new TextEncoder().encode("sonde_lo").buffer).getBigUint64(0, true);
  a.movReg(6, 1).movReg(1, 10).alu("add", 1, -16).constant(2, 16).call(HELPER.get_current_comm);
  a.load(8, 1, 10, -16).constant(2, comm).jump("ne", 1, { r: 2 }, out);
  a.map(1, "ring").constant(2, STACK + THREAD_SIZE).constant(3, 0).call(HELPER.ringbuf_reserve);
  a.jump("eq", 0, 0, out).movReg(7, 0);
  a.movReg(1, 7).constant(2, REGS).movReg(3, 6).call(HELPER.probe_read_kernel);
  a.movReg(1, 6).movReg(2, 7).alu("add", 2, FRAMES).constant(3, MAX_FRAMES * 8).constant(4, 0).call(GET_STACK);
  a.store(8, 7, FRAMES_LENGTH, 0);
  for (const size of [THREAD_SIZE, 4096]) {
    a.load(8, 3, 7, 152).movReg(1, 3).alu("and", 1, size - 1).constant(2, size).alu("sub", 2, { r: 1 });
    a.store(8, 7, STACK_LENGTH, 2).movReg(1, 7).alu("add", 1, STACK).call(HELPER.probe_read_kernel);
    a.jump("eq", 0, 0, done);
  }
  a.mark(done).movReg(1, 7).constant(2, 0).call(HELPER.ringbuf_submit);
  return a.mark(out).constant(0, 0).exit();
}

function capture(symbol: string, workload: string): OrcSample[] {
  const host = openHost();
  using ring = createMap({ name: "orc", type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: RING });
  using reader = openRing(ring.fd, RING, 4096);
  using prog = loadProgram({ name: "orc", type: "kprobe", code: link(program().insns, () => ring.fd) });
  using attached = new DisposableStack();
  for (const fd of attach(prog.fd, { kind: "kprobe", symbol, returns: false }, host)) attached.use(fd);
  for (const args of LOADS) new Deno.Command(workload, { args, stdout: "null", stderr: "null" }).outputSync();
  const samples: OrcSample[] = [];
  reader.drain((at) => {
    if (samples.length >= SAMPLES_PER_PROBE) return;
    const record = reader.bytes.slice(at, at + STACK + THREAD_SIZE);
    const v = new DataView(record.buffer);
    const n = v.getInt32(FRAMES_LENGTH, true);
    samples.push({
      probe: symbol,
      regs: record.subarray(0, REGS).toHex(),
      stack: record.subarray(STACK, STACK + v.getUint32(STACK_LENGTH, true)).toHex(),
      frames: Array.from({ length: Math.max(0, n) / 8 }, (_, i) => v.getBigUint64(FRAMES + i * 8, true).toString(16)),
    });
  });
  return samples;
}

function loadedModules(): OrcCapture["modules"] {
  return Deno.readTextFileSync("/proc/modules").trim().split("\n").map((line) => {
    const name = line.split(" ")[0];
    const folder = `/sys/module/${name}/sections`;
    const sections = [...Deno.readDirSync(folder)].map((e) => {
      return [e.name, Deno.readTextFileSync(`${folder}/${e.name}`).trim().replace("0x", "")];
    });
    return { name, sections: Object.fromEntries(sections) };
  });
}

if (import.meta.main) {
  const refused: string[] = [];
  const samples = PROBES.flatMap((symbol) => {
    try {
      return capture(symbol, Deno.args[0]);
    } catch (error) {
      refused.push(`${symbol}: ${error}`.split("\n")[0]);
      return [];
    }
  });
  const stext = /^([0-9a-f]+) T _stext$/m.exec(Deno.readTextFileSync("/proc/kallsyms"))![1];
  console.log(JSON.stringify({ stext, modules: loadedModules(), refused, samples } satisfies OrcCapture));
}

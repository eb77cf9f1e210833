import type { Host } from "../core/host/mod.ts";
import { readNumberFile } from "../core/host/read_number_file.ts";
import { ERRNO, type Fd, SysError } from "../core/sys/mod.ts";
import { Assembler, link } from "./asm/mod.ts";
import { KIND, openBtf } from "./btf/mod.ts";
import { attach } from "./kernel/attach.ts";
import { ATTACH_TYPE } from "./kernel/commands.ts";
import { linkUprobeMulti } from "./kernel/link.ts";
import { createMap, type MapSpec } from "./kernel/map.ts";
import { enableRunTimeStats, loadProgram, type ProgramImage } from "./kernel/program.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { type Capability, type Refusal, refusalOf } from "./refusal.ts";

/** Ways to get at the kernel, each of which a kernel may have or refuse by itself. */
export type Mechanism =
  | "maps"
  | "per_cpu_maps"
  | "stack_maps"
  | "ring_buffer"
  | "atomic_fetch"
  | "perf_buffer"
  | "raw_tracepoint"
  | "tracepoint"
  | "tp_btf"
  | "kprobe"
  | "kprobe_multi"
  | "fentry"
  | "fentry_number_pointer"
  | "fentry_const_void_pointer"
  | "fentry_any_pointer"
  | "fexit"
  | "uprobe"
  | "uprobe_multi"
  | "perf_event"
  | "iterator"
  | "xdp"
  | "run_time_stats";

/** Whether a mechanism works here. `unknown`: it could not be tried. */
export type Answer =
  | { readonly state: "yes" }
  | ({ readonly state: "no" | "unknown" } & Refusal);

/** What each of them is tried on, as a phrase, and what else than CAP_BPF and CAP_PERFMON it takes. */
interface Trial {
  readonly what: string;
  readonly needs?: readonly Capability[];
  /** Null: there is nothing here to try it on, which `unknown` explains. */
  attempt(host: Host): Fd | null;
  readonly unknown?: string;
}

/** A kernel function that every kernel has, and calls often. */
const FUNCTION = "vfs_read";
const EMPTY = link(new Assembler().constant(0, 0).exit().insns, () => -1);
const FETCHING = link(
  new Assembler().storeImm(8, 10, -8, 0).constant(1, 1).atomicFetchAdd(10, -8, 1).constant(0, 0).exit().insns,
  () => -1,
);
const readsArgument = (index: number): ProgramImage["code"] =>
  link(new Assembler().load(8, 0, 1, 8 * index).constant(0, 0).exit().insns, () => -1);
const NO_BTF = "There is no type information (BTF), or not of what this was tried on";
const HASH = { keyBytes: 8, valueBytes: 8, maxEntries: 1 } as const;

const load = (image: Omit<ProgramImage, "name" | "code"> & { readonly code?: ProgramImage["code"] }): Fd =>
  loadProgram({ name: "sonde_trial", code: EMPTY, ...image });
const map = (spec: Omit<MapSpec, "name">): Fd => createMap({ name: "trial", ...spec });

/** Attaches an empty program; what it answers is closed again. */
function attached(image: Omit<ProgramImage, "name" | "code">, to: Parameters<typeof attach>[1], host: Host): Fd {
  using program = load(image);
  const [fd, ...rest] = attach(program.fd, to, host);
  for (const more of rest) more[Symbol.dispose]();
  return fd;
}

const tracing =
  (kind: number, prefix: string, target: string, attachType: number, code = EMPTY) => (host: Host): Fd | null => {
    if (!host.features().btf) return null;
    using open = openBtf(host.path("btf_vmlinux"));
    const attachBtfId = open.btf.find(`${prefix}${target}`, kind);
    return attachBtfId === 0 ? null : load({ type: "tracing", attachType, attachBtfId, code });
  };

const TRIALS: Readonly<Record<Mechanism, Trial>> = {
  maps: { what: "creating a map", attempt: () => map({ type: "hash", ...HASH }) },
  per_cpu_maps: { what: "creating a per-CPU map", attempt: () => map({ type: "percpu_hash", ...HASH }) },
  stack_maps: {
    what: "creating a map of stacks",
    attempt: () => map({ type: "stack_trace", keyBytes: 4, valueBytes: 8, maxEntries: 1 }),
  },
  ring_buffer: {
    what: "creating a ring buffer",
    attempt: () => map({ type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: 65_536 }),
  },
  perf_buffer: {
    what: "creating a perf buffer",
    attempt: () => map({ type: "perf_event_array", keyBytes: 4, valueBytes: 4, maxEntries: 1 }),
  },
  atomic_fetch: {
    what: "loading a program with an atomic fetch (Linux 5.12)",
    attempt: () => load({ type: "kprobe", code: FETCHING }),
  },
  raw_tracepoint: {
    what: "attaching to a raw tracepoint",
    attempt: (host) => attached({ type: "raw_tracepoint" }, { kind: "raw_tracepoint", name: "sys_enter" }, host),
  },
  tracepoint: {
    what: "attaching to a tracepoint",
    unknown: "tracefs is not mounted, or cannot be read: mount -t tracefs tracefs /sys/kernel/tracing",
    attempt: (host) => {
      const id = readNumberFile(`${host.path("tracefs")}/events/sched/sched_process_exec/id`);
      return id === null
        ? null
        : attached({ type: "tracepoint" }, { kind: "tracepoint", id, name: "sched:sched_process_exec" }, host);
    },
  },
  tp_btf: {
    what: "loading a typed raw tracepoint program",
    unknown: NO_BTF,
    attempt: tracing(KIND.TYPEDEF, "btf_trace_", "sys_enter", ATTACH_TYPE.TRACE_RAW_TP),
  },
  kprobe: {
    what: "attaching to a kernel function (CONFIG_KPROBES)",
    attempt: (host) => attached({ type: "kprobe" }, { kind: "kprobe", symbol: FUNCTION, returns: false }, host),
  },
  kprobe_multi: {
    what: "attaching to many kernel functions at once (CONFIG_FPROBE, Linux 5.18)",
    attempt: (host) =>
      attached(
        { type: "kprobe", attachType: ATTACH_TYPE.TRACE_KPROBE_MULTI },
        { kind: "kprobe_multi", symbols: [FUNCTION], returns: false },
        host,
      ),
  },
  fentry: {
    what: "loading an fentry program (CONFIG_FUNCTION_TRACER, Linux 5.5)",
    unknown: NO_BTF,
    attempt: tracing(KIND.FUNC, "", FUNCTION, ATTACH_TYPE.TRACE_FENTRY),
  },
  fentry_number_pointer: {
    what: "reading an fentry program's argument that is the address of a number (Linux 5.17)",
    unknown: NO_BTF,
    // loff_t *pos
    attempt: tracing(KIND.FUNC, "", FUNCTION, ATTACH_TYPE.TRACE_FENTRY, readsArgument(3)),
  },
  fentry_const_void_pointer: {
    what: "reading an fentry program's argument that is the address of const void (not in Linux 6.12)",
    unknown: NO_BTF,
    // const void *buf
    attempt: tracing(KIND.FUNC, "", "kernel_write", ATTACH_TYPE.TRACE_FENTRY, readsArgument(1)),
  },
  fentry_any_pointer: {
    what: "reading an fentry program's argument that is the address of a function (not in Linux 6.12)",
    unknown: NO_BTF,
    // int (*show)(struct seq_file *, void *)
    attempt: tracing(KIND.FUNC, "", "single_open", ATTACH_TYPE.TRACE_FENTRY, readsArgument(1)),
  },
  fexit: {
    what: "loading an fexit program (CONFIG_FUNCTION_TRACER, Linux 5.5)",
    unknown: NO_BTF,
    attempt: tracing(KIND.FUNC, "", FUNCTION, ATTACH_TYPE.TRACE_FEXIT),
  },
  uprobe: {
    what: "attaching to a user function (CONFIG_UPROBES)",
    // One at a time it goes through perf events of their own, which want more than the two capabilities.
    needs: ["SYS_ADMIN"],
    attempt: (host) =>
      attached({ type: "kprobe" }, {
        kind: "uprobe",
        path: Deno.execPath(),
        places: [{ offset: NO_CODE, semaphore: 0 }],
        returns: false,
        multi: false,
      }, host),
  },
  uprobe_multi: {
    what: "attaching to many user functions at once (Linux 6.6)",
    attempt: () => {
      using program = load({ type: "kprobe", attachType: ATTACH_TYPE.TRACE_UPROBE_MULTI });
      try {
        // A folder holds no code: a kernel that knows the mechanism says so.
        return linkUprobeMulti(program.fd, "/", [0], [0], false);
      } catch (error) {
        if (error instanceof SysError && error.errno === ERRNO.EBADF) return load({ type: "kprobe" });
        throw error;
      }
    },
  },
  perf_event: {
    what: "attaching to a perf event",
    attempt: (host) =>
      attached({ type: "perf_event" }, {
        kind: "perf_event",
        type: 1,
        config: 0,
        frequencyHz: null,
        period: 1e9,
        everyCpu: false,
      }, host),
  },
  iterator: {
    what: "loading an iterator over tasks (Linux 5.8)",
    unknown: NO_BTF,
    attempt: tracing(KIND.FUNC, "bpf_iter_", "task", ATTACH_TYPE.TRACE_ITER),
  },
  xdp: {
    what: "loading an XDP program",
    needs: ["BPF", "NET_ADMIN"],
    attempt: () => load({ type: "xdp", attachType: ATTACH_TYPE.XDP }),
  },
  run_time_stats: {
    what: "having the kernel measure programs (Linux 5.8)",
    needs: ["SYS_ADMIN"],
    attempt: enableRunTimeStats,
  },
};

/** The header of a program's file: nothing runs there. */
const NO_CODE = 0;

const answers = new WeakMap<Host, Map<Mechanism, Answer>>();

/**
 * Whether a mechanism works here, found out by trying it with a program of two instructions: the kernel's configuration
 * and version promise things that are refused in fact. Yes and no are remembered. Under a millisecond each, but for
 * tracepoints, kprobes and uprobes, whose detaching takes 60 to 130 ms.
 */
export function mechanism(which: Mechanism, host: Host): Answer {
  let known = answers.get(host);
  if (!known) answers.set(host, known = new Map());
  const found = known.get(which) ?? tryOut(TRIALS[which], host);
  if (found.state !== "unknown") known.set(which, found);
  return found;
}

/** Whether a mechanism works here; what cannot be tried does not. */
export function works(which: Mechanism, host: Host): boolean {
  return mechanism(which, host).state === "yes";
}

function tryOut(trial: Trial, host: Host): Answer {
  try {
    using fd = trial.attempt(host);
    return fd === null
      ? { state: "unknown", reason: trial.unknown ?? "It could not be tried", remedy: "" }
      : { state: "yes" };
  } catch (error) {
    if (!(error instanceof SysError) && !(error instanceof VerifierError)) throw error;
    // The thing that it was tried on is there: what is missing is the mechanism.
    if (error instanceof SysError && /^(ENOENT|EOPNOTSUPP)$/.test(error.code)) {
      return { state: "no", reason: `This kernel was built without it: ${trial.what}`, remedy: "" };
    }
    return { state: "no", ...refusalOf(error, trial.what, host, trial.needs) };
  }
}

import { type Host, parseFormat } from "../core/host/mod.ts";
import { type Fd, SysError } from "../core/sys/mod.ts";
import { Assembler, link } from "./asm/mod.ts";
import { KIND, openBtf } from "./btf/mod.ts";
import { attachRawTracepoint, attachTracepoint } from "./kernel/attach.ts";
import { createMap, type MapSpec } from "./kernel/map.ts";
import { enableRunTimeStats, loadProgram, type ProgramImage } from "./kernel/program.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { refusalOf } from "./refusal.ts";

/** One thing that the kernel may or may not do for us here. */
export interface Feature {
  /** `ring buffer`, `raw tracepoints`, … */
  readonly name: string;
  /** `unknown` when it could not be tried. */
  readonly state: "yes" | "no" | "unknown";
  /** Empty for yes. */
  readonly reason: string;
  /** A sentence; may be empty. */
  readonly remedy: string;
}

/** `enum bpf_attach_type`. */
const ATTACH = { TRACE_RAW_TP: 23, TRACE_FENTRY: 24, TRACE_FEXIT: 25, TRACE_ITER: 28 } as const;

/**
 * Finds out what of BPF works here, by trying each with a program of two instructions: the kernel's configuration and
 * version promise things that are refused in fact. Everything is closed again. A few ms, and more where a tracepoint
 * is detached (60–110 ms).
 */
export function probeFeatures(host: Host): Feature[] {
  const empty = link(new Assembler().constant(0, 0).exit().insns, () => -1);
  const load = (image: Omit<ProgramImage, "name" | "code">): Fd =>
    loadProgram({ name: "sonde_feature", code: empty, ...image });
  const map = (spec: Omit<MapSpec, "name">): Fd => createMap({ name: "feature", ...spec });
  /** Tries a thing; what it answers is closed. */
  const feature = (
    name: string,
    what: string,
    attempt: () => Fd | null,
    unknown = "",
    needs?: Parameters<typeof refusalOf>[3],
  ): Feature => {
    try {
      const fd = attempt();
      if (fd === null) return { name, state: "unknown", reason: unknown, remedy: "" };
      fd[Symbol.dispose]();
      return { name, state: "yes", reason: "", remedy: "" };
    } catch (error) {
      if (error instanceof SysError || error instanceof VerifierError) {
        return { name, state: "no", ...refusalOf(error, what, host, needs) };
      }
      throw error;
    }
  };
  const tracing = (kind: number, prefix: string, target: string, attachType: number) => (): Fd | null => {
    const path = host.path("btf_vmlinux");
    if (!host.features().btf) return null;
    using open = openBtf(path);
    const attachBtfId = open.btf.find(`${prefix}${target}`, kind);
    return attachBtfId === 0 ? null : load({ type: "tracing", attachType, attachBtfId });
  };
  const noBtf = "There is no type information (BTF), or not of what this was tried on";
  const HASH = { keyBytes: 8, valueBytes: 8, maxEntries: 1 } as const;
  return [
    feature("bpf maps", "creating a map", () => map({ type: "hash", ...HASH })),
    feature("per-CPU maps", "creating a per-CPU map", () => map({ type: "percpu_hash", ...HASH })),
    feature(
      "ring buffer",
      "creating a ring buffer",
      () => map({ type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: 65_536 }),
    ),
    feature("raw tracepoints", "attaching to a raw tracepoint", () => {
      using program = load({ type: "raw_tracepoint" });
      return attachRawTracepoint(program.fd, "sys_enter");
    }),
    feature("tracepoints", "attaching to a tracepoint", () => {
      const format = readFormat(`${host.path("tracefs")}/events/sched/sched_process_exec/format`);
      if (format === null) return null;
      using program = load({ type: "tracepoint" });
      return attachTracepoint(program.fd, format.id, "sched:sched_process_exec");
    }, "tracefs is not mounted, or cannot be read: mount -t tracefs tracefs /sys/kernel/tracing"),
    btfFeature(host),
    feature(
      "typed raw tracepoints",
      "loading a tp_btf program",
      tracing(KIND.TYPEDEF, "btf_trace_", "sys_enter", ATTACH.TRACE_RAW_TP),
      noBtf,
    ),
    feature("fentry", "loading an fentry program", tracing(KIND.FUNC, "", "vfs_read", ATTACH.TRACE_FENTRY), noBtf),
    feature("fexit", "loading an fexit program", tracing(KIND.FUNC, "", "vfs_read", ATTACH.TRACE_FEXIT), noBtf),
    feature(
      "task iterator",
      "loading an iterator over tasks",
      tracing(KIND.FUNC, "bpf_iter_", "task", ATTACH.TRACE_ITER),
      noBtf,
    ),
    feature("run time statistics", "having the kernel measure programs", enableRunTimeStats, "", ["SYS_ADMIN"]),
  ];
}

function btfFeature(host: Host): Feature {
  if (host.features().btf) return { name: "BTF", state: "yes", reason: "", remedy: "" };
  return {
    name: "BTF",
    state: "no",
    reason: "The kernel has no type information of itself",
    remedy: "Use a kernel with CONFIG_DEBUG_INFO_BTF (Linux 5.4 or newer; all current distributions).",
  };
}

function readFormat(path: string): ReturnType<typeof parseFormat> {
  try {
    return parseFormat(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}

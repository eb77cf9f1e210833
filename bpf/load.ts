import type { Host } from "../core/host/mod.ts";
import type { Fd } from "../core/sys/mod.ts";
import type { Variable } from "./asm/insn.ts";
import { link } from "./asm/link.ts";
import { MAP } from "./codegen/gen.ts";
import type { Plan, PlannedProgram } from "./codegen/plan.ts";
import { attach } from "./kernel/attach.ts";
import { ATTACH_TYPE } from "./kernel/commands.ts";
import { createMap, type MapSpec } from "./kernel/map.ts";
import { loadProgram, type ProgramImage } from "./kernel/program.ts";
import { moduleBtfFd } from "./kernel/btf_objects.ts";
import type { Attach } from "./probes/target.ts";

/** A plan's maps and programs in the kernel, not attached yet. Disposing it closes every descriptor. */
export interface LoadedPlan extends Disposable {
  readonly maps: ReadonlyMap<string, { readonly fd: Fd; readonly spec: MapSpec }>;
  readonly programs: readonly Fd[];
  /** Attaches all programs, in order. @throws {SysError} */
  attach(): void;
  /** Detaches them; maps and programs stay until disposed. */
  detach(): void;
}

/** What loading needs to know. */
export interface LoadOptions {
  readonly variables: Readonly<Record<Variable, bigint>>;
  /** Makes maps as small as they can be: to ask the verifier only. */
  readonly small?: boolean;
}

/**
 * Creates maps and loads programs.
 *
 * @throws {SysError | VerifierError}
 */
export function loadPlan(plan: Plan, host: Host, { variables, small = false }: LoadOptions): LoadedPlan {
  const owned: Fd[] = [];
  const links: Fd[] = [];
  const close = (fds: Fd[]): void => {
    while (fds.length > 0) fds.pop()![Symbol.dispose]();
  };
  const own = (fd: Fd): Fd => {
    owned.push(fd);
    return fd;
  };
  try {
    const maps = new Map<string, { fd: Fd; spec: MapSpec }>();
    for (const spec of plan.maps) maps.set(spec.name, { fd: own(createMap(small ? smallest(spec) : spec)), spec });
    const programs = plan.programs.map((p, i) => {
      const scratch = p.scratchBytes > 0 ? own(createMap(scratchSpec(p, i))) : null;
      const code = link(p.insns, (name) => (name === MAP.scratch ? scratch! : maps.get(name)!.fd).fd, variables);
      using module = p.attach.kind === "trampoline" && p.attach.module ? moduleBtfFd(p.attach.module) : null;
      return own(loadProgram({ ...imageOf(p.attach, module), name: `sonde_${p.role}${i}`, code }));
    });
    return {
      maps,
      programs,
      attach(): void {
        plan.programs.forEach((p, i) => links.push(...attach(programs[i].fd, p.attach, host)));
      },
      detach: () => close(links),
      [Symbol.dispose](): void {
        close(links);
        close(owned);
      },
    };
  } catch (error) {
    close(owned);
    throw error;
  }
}

/** The kind of program that can be attached so. */
export function imageOf(attach: Attach, module: Fd | null = null): Omit<ProgramImage, "name" | "code"> {
  switch (attach.kind) {
    case "raw_tracepoint":
    case "tracepoint":
    case "perf_event":
    case "kprobe":
      return { type: attach.kind };
    case "kprobe_multi":
      return { type: "kprobe", attachType: ATTACH_TYPE.TRACE_KPROBE_MULTI };
    case "uprobe":
      return attach.multi ? { type: "kprobe", attachType: ATTACH_TYPE.TRACE_UPROBE_MULTI } : { type: "kprobe" };
    case "trampoline":
      return {
        type: "tracing",
        attachType: attach.exit ? ATTACH_TYPE.TRACE_FEXIT : ATTACH_TYPE.TRACE_FENTRY,
        attachBtfId: attach.btfId,
        attachBtfFd: module?.fd,
      };
    case "iter":
      return { type: "tracing", attachType: ATTACH_TYPE.TRACE_ITER, attachBtfId: attach.btfId };
    case "xdp":
      return { type: "xdp", attachType: ATTACH_TYPE.XDP };
  }
}

function smallest(spec: MapSpec): MapSpec {
  return { ...spec, maxEntries: spec.type === "ringbuf" ? 65_536 : 1 };
}

function scratchSpec(p: PlannedProgram, i: number): MapSpec {
  return { name: `${MAP.scratch}${i}`, type: "percpu_array", keyBytes: 4, valueBytes: p.scratchBytes, maxEntries: 1 };
}

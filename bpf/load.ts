import type { Fd } from "../core/sys/mod.ts";
import { link } from "./asm/link.ts";
import { MAP } from "./codegen/gen.ts";
import type { Plan, PlannedProgram } from "./codegen/plan.ts";
import { attachRawTracepoint, attachTracepoint } from "./kernel/attach.ts";
import { createMap, type MapSpec } from "./kernel/map.ts";
import { loadProgram } from "./kernel/program.ts";

/** A plan's maps and programs in the kernel, not attached yet. Disposing it closes every descriptor. */
export interface LoadedPlan extends Disposable {
  readonly maps: ReadonlyMap<string, { readonly fd: Fd; readonly spec: MapSpec }>;
  readonly programs: readonly Fd[];
  /** Attaches all programs, in order. @throws {SysError} */
  attach(): void;
  /** Detaches them; maps and programs stay until disposed. */
  detach(): void;
}

/**
 * Creates maps and loads programs.
 *
 * @param small makes maps as small as they can be: to ask the verifier only
 * @throws {SysError | VerifierError}
 */
export function loadPlan(plan: Plan, small = false): LoadedPlan {
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
    for (const spec of plan.maps) {
      const fd = own(createMap(small ? { ...spec, maxEntries: spec.type === "ringbuf" ? 65_536 : 1 } : spec));
      maps.set(spec.name, { fd, spec });
    }
    const programs = plan.programs.map((p, i) => {
      const scratch = p.scratchBytes > 0 ? own(createMap(scratchSpec(p, i))) : null;
      const code = link(p.insns, (name) => (name === MAP.scratch ? scratch! : maps.get(name)!.fd).fd);
      return own(loadProgram({ name: `sonde_${p.role}${i}`, type: p.target.attach.kind, code }));
    });
    return {
      maps,
      programs,
      attach(): void {
        plan.programs.forEach(({ target: { attach } }, i) => {
          const { fd } = programs[i];
          links.push(
            attach.kind === "raw_tracepoint"
              ? attachRawTracepoint(fd, attach.name)
              : attachTracepoint(fd, attach.id, attach.name),
          );
        });
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

function scratchSpec(p: PlannedProgram, i: number): MapSpec {
  return { name: `${MAP.scratch}${i}`, type: "percpu_array", keyBytes: 4, valueBytes: p.scratchBytes, maxEntries: 1 };
}

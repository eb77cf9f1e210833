import { UnsupportedError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession, Support } from "../core/plugin_api/engine.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import { sourceText } from "../core/query/probe_spec.ts";
import { CLOCK, clockNsBig, SysError } from "../core/sys/mod.ts";
import { disassemble } from "./asm/disasm.ts";
import type { Variable } from "./asm/insn.ts";
import { link } from "./asm/link.ts";
import { CannotGenerate } from "./codegen/cannot_generate.ts";
import type { Machine } from "./codegen/gen.ts";
import { type Plan, planProbe } from "./codegen/plan.ts";
import { numbersOf } from "./decode/names.ts";
import { defect } from "./defect.ts";
import { catalogOf } from "./list_probes.ts";
import { loadPlan } from "./load.ts";
import { mechanism } from "./mechanisms.ts";
import { attachText } from "./probes/target.ts";
import { possibleCpus } from "./possible_cpus.ts";
import { needsOf, refusalOf } from "./refusal.ts";
import { openSession } from "./session.ts";
import { VerifierError } from "./kernel/verifier_error.ts";

/** How the records of streams come from the kernel: its ring buffer (since 5.8), or a ring of perf events on each CPU. */
export type StreamWay = "ring" | "perf";

/**
 * The engine that compiles probe specs to BPF and loads them with `bpf(2)`. Nothing happens before the first spec.
 *
 * @param host the machine it runs on
 */
export function bpfEngine(host: Host, stream: StreamWay = "ring"): ProbeEngine {
  const catalog = catalogOf(host);
  let possible: number | undefined;
  const cpus = (): number => possible ??= possibleCpus(host);
  const plans = new WeakMap<ProbeSpec, Plan>();

  const planOf = (spec: ProbeSpec): Plan => {
    let plan = plans.get(spec);
    if (!plan) {
      const machine: Machine = {
        cpus: cpus(),
        stream,
        numbersOf: (table, text) => numbersOf(table, text, host),
      };
      plan = planProbe(spec, catalog, machine);
      plans.set(spec, plan);
    }
    return plan;
  };
  const variables = (): Record<Variable, bigint> => ({
    realtime_offset: clockNsBig(CLOCK.REALTIME) - clockNsBig(CLOCK.MONOTONIC),
    self_tgid: BigInt(catalog.namespace().selfTgid),
  });

  return {
    name: stream === "ring" ? "bpf" : "bpf-perfbuf",
    supports(spec): Support {
      try {
        const plan = planOf(spec);
        loadPlan(plan, host, { variables: variables(), small: true })[Symbol.dispose]();
        return { ok: true, accuracy: isSampled(spec) ? "sampled" : "exact" };
      } catch (error) {
        if (error instanceof CannotGenerate) return { ok: false, reason: error.message, remedy: error.remedy };
        if (error instanceof VerifierError) return { ok: false, ...defect(error) };
        const noRing = stream === "ring" && spec.output.kind === "stream" && refusesKind(error) &&
          mechanism("ring_buffer", host).state === "no";
        if (noRing) return { ok: false, reason: "the kernel has no ring buffer (Linux 5.8)", remedy: "" };
        return { ok: false, ...refusalOf(error, sourceText(spec.source), host, needsOf(spec.source)) };
      }
    },
    open(spec): ProbeSession {
      const what = sourceText(spec.source);
      try {
        const plan = planOf(spec);
        const loaded = loadPlan(plan, host, { variables: variables() });
        return openSession(plan, loaded, { host, cpus: cpus(), budget: spec.budget });
      } catch (error) {
        if (error instanceof CannotGenerate) {
          throw new UnsupportedError(`The kernel cannot run it: ${error.message}`, error.remedy, { cause: error });
        }
        if (error instanceof VerifierError) {
          const { reason, remedy } = defect(error);
          throw new UnsupportedError(`Cannot attach to ${what}: ${reason}`, remedy, { cause: error });
        }
        if (!(error instanceof SysError)) throw error;
        const { reason, remedy } = refusalOf(error, what, host, needsOf(spec.source));
        throw new UnsupportedError(`Cannot attach to ${what}: ${reason}`, remedy, { cause: error });
      }
    },
    disassemble(spec): string | null {
      return planOf(spec).programs.map((p) => {
        // Without descriptors: a map stands as its place among the names.
        const names: string[] = [];
        const code = link(p.insns, (name) => {
          if (!names.includes(name)) names.push(name);
          return names.indexOf(name);
        });
        return `# ${p.role} ${p.text} on ${attachText(p.attach)}\n` + disassemble(code, (i) => names[i]);
      }).join("\n");
    },
    describe(spec): string[] {
      const plan = planOf(spec);
      return [
        ...plan.programs.map((p) =>
          `program ${p.role} ${p.text}: ${attachText(p.attach)}, ${p.insns.length} instructions`
        ),
        ...plan.maps.map((m) =>
          `map ${m.name}: ${m.type}, ${m.maxEntries} ${m.type === "ringbuf" ? "bytes" : "entries"}` +
          (m.keyBytes + m.valueBytes > 0 ? `, key ${m.keyBytes} bytes, value ${m.valueBytes} bytes` : "")
        ),
      ];
    },
  };
}

/** Whether it may be that the kernel does not know a kind of map: so it says what is not for want of rights. */
function refusesKind(error: unknown): boolean {
  return error instanceof SysError && error.code === "EINVAL";
}

/** Whether events come by the clock or by a counter, and stand for others. */
function isSampled({ source }: ProbeSpec): boolean {
  return source.kind === "event" &&
    source.probes.some((p) => p.kind === "profile" || ("period" in p && p.period > 1));
}

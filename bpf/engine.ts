import { UnsupportedError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { ProbeEngine, ProbeSession, Support } from "../core/plugin_api/engine.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import { probePointText, sourceText } from "../core/query/probe_spec.ts";
import { CLOCK, clockNsBig, SysError } from "../core/sys/mod.ts";
import { disassemble } from "./asm/disasm.ts";
import { link } from "./asm/link.ts";
import { CannotGenerate } from "./codegen/cannot_generate.ts";
import { type Plan, planProbe } from "./codegen/plan.ts";
import type { Machine } from "./codegen/gen.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { loadPlan } from "./load.ts";
import { catalogOf } from "./list_probes.ts";
import { possibleCpus } from "./possible_cpus.ts";
import { refusalOf } from "./refusal.ts";
import { openSession } from "./session.ts";

/**
 * The engine that compiles probe specs to BPF and loads them with `bpf(2)`. Nothing happens before the first spec.
 *
 * @param host the machine it runs on
 */
export function bpfEngine(host: Host): ProbeEngine {
  const catalog = catalogOf(host);
  let possible: number | undefined;
  const cpus = (): number => possible ??= possibleCpus(host);
  const plans = new WeakMap<ProbeSpec, Plan>();

  const planOf = (spec: ProbeSpec): Plan => {
    let plan = plans.get(spec);
    if (!plan) {
      const machine: Machine = {
        realtimeOffsetNs: clockNsBig(CLOCK.REALTIME) - clockNsBig(CLOCK.MONOTONIC),
        selfTgid: catalog.namespace().selfTgid,
        cpus: cpus(),
      };
      plan = planProbe(spec, (point, names) => catalog.target(point, names), machine);
      plans.set(spec, plan);
    }
    return plan;
  };

  return {
    name: "bpf",
    supports(spec): Support {
      try {
        loadPlan(planOf(spec), true)[Symbol.dispose]();
        return { ok: true, accuracy: "exact" };
      } catch (error) {
        if (error instanceof CannotGenerate) return { ok: false, reason: error.message, remedy: error.remedy };
        return { ok: false, ...refusalOf(error, sourceText(spec.source), host) };
      }
    },
    open(spec): ProbeSession {
      try {
        const plan = planOf(spec);
        // A plan knows the clock's offset: it is for now, not for another window.
        plans.delete(spec);
        return openSession(plan, loadPlan(plan), { pageSize: host.pageSize, cpus: cpus() });
      } catch (error) {
        if (error instanceof CannotGenerate) {
          throw new UnsupportedError(`The kernel cannot run it: ${error.message}`, error.remedy, { cause: error });
        }
        if (!(error instanceof SysError) && !(error instanceof VerifierError)) throw error;
        const { reason, remedy } = refusalOf(error, sourceText(spec.source), host);
        throw new UnsupportedError(`Cannot attach to ${sourceText(spec.source)}: ${reason}`, remedy, { cause: error });
      }
    },
    disassemble(spec): string | null {
      const plan = planOf(spec);
      return plan.programs.map((p) => {
        // Without descriptors: a map stands as its place among the names.
        const names: string[] = [];
        const code = link(p.insns, (name) => {
          if (!names.includes(name)) names.push(name);
          return names.indexOf(name);
        });
        return `# ${p.role} ${probePointText(p.target.point)} on ${p.target.attach.kind}:${p.target.attach.name}\n` +
          disassemble(code, (i) => names[i]);
      }).join("\n");
    },
  };
}

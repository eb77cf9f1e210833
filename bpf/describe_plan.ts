import { disassemble } from "./asm/disasm.ts";
import { link } from "./asm/link.ts";
import type { Plan } from "./codegen/plan.ts";
import { attachText } from "./probes/target.ts";

/** The programs of a plan in the notation of bpftool, maps by their names. */
export function disassemblePlan(plan: Plan): string {
  return plan.programs.map((p) => {
    // Without descriptors: a map stands as its place among the names.
    const names: string[] = [];
    const code = link(p.insns, (name) => {
      if (!names.includes(name)) names.push(name);
      return names.indexOf(name);
    });
    return `# ${p.role} ${p.text} on ${attachText(p.attach)}\n` + disassemble(code, (i) => names[i]);
  }).join("\n");
}

/**
 * What a plan makes in the kernel and what that costs at most, a line each.
 *
 * @param cpus of which each has its own copy of a per-CPU map
 */
export function describePlan(plan: Plan, cpus: number = navigator.hardwareConcurrency): string[] {
  return [
    ...plan.programs.map((p) => `program ${p.role} ${p.text}: ${attachText(p.attach)}, ${p.insns.length} instructions`),
    ...plan.maps.map((m) =>
      `map ${m.name}: ${m.type}, ${m.maxEntries} ${m.type === "ringbuf" ? "bytes" : "entries"}` +
      (m.keyBytes + m.valueBytes > 0 ? `, key ${m.keyBytes} bytes, value ${m.valueBytes} bytes` : "")
    ),
    costText(plan, cpus),
  ];
}

/** Memory without what the kernel keeps beside each entry. Of a program every instruction runs once at most, but for loops. */
function costText(plan: Plan, cpus: number): string {
  const bytes = plan.maps.reduce((sum, m) => {
    const copies = m.type.startsWith("percpu") ? cpus : 1;
    return sum + (m.type === "ringbuf" ? m.maxEntries : m.maxEntries * (m.keyBytes + m.valueBytes * copies));
  }, 0);
  const most = Math.max(...plan.programs.map((p) => p.insns.length));
  return `cost: programs of up to ${most} instructions an event, maps of up to ${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

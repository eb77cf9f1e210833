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

/** What a plan makes in the kernel, a line each. */
export function describePlan(plan: Plan): string[] {
  return [
    ...plan.programs.map((p) => `program ${p.role} ${p.text}: ${attachText(p.attach)}, ${p.insns.length} instructions`),
    ...plan.maps.map((m) =>
      `map ${m.name}: ${m.type}, ${m.maxEntries} ${m.type === "ringbuf" ? "bytes" : "entries"}` +
      (m.keyBytes + m.valueBytes > 0 ? `, key ${m.keyBytes} bytes, value ${m.valueBytes} bytes` : "")
    ),
  ];
}

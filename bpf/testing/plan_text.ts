import { disassemble } from "../asm/disasm.ts";
import { link } from "../asm/link.ts";
import type { Plan } from "../codegen/plan.ts";

/** A plan as text: its maps, then its programs with the names of maps in place of descriptors. */
export function planText(plan: Plan): string {
  const maps = plan.maps.map((m) =>
    `map ${m.name}: ${m.type}, ${m.maxEntries} × (${m.keyBytes} + ${m.valueBytes}) bytes\n`
  );
  const programs = plan.programs.map((p) => {
    const names: string[] = [];
    const code = link(p.insns, (name) => {
      if (!names.includes(name)) names.push(name);
      return names.indexOf(name);
    });
    return `\n# ${p.role}, ${p.scratchBytes} bytes of scratch\n${disassemble(code, (i) => names[i]).trimEnd()}\n`;
  });
  return maps.join("") + programs.join("");
}

import type { Insn, JumpOp } from "./insn.ts";

/**
 * Removes what cannot be reached (the verifier refuses it: "unreachable insn"), jumps to the next instruction and jumps
 * over jumps, so that the code generator may be written without looking ahead.
 */
export function optimize(insns: readonly Insn[]): Insn[] {
  const reached = reachable(insns);
  let code = insns.filter((_, i) => reached[i]);
  for (;;) {
    const shorter = turnJumps(code).filter((insn, i, all) => !(insn.op === "goto" && leadsTo(all, i + 1, insn.to.id)));
    if (shorter.length === code.length) return code;
    code = shorter;
  }
}

const OPPOSITE: Readonly<Partial<Record<JumpOp, JumpOp>>> = {
  eq: "ne",
  ne: "eq",
  gt: "le",
  le: "gt",
  ge: "lt",
  lt: "ge",
  sgt: "sle",
  sle: "sgt",
  sge: "slt",
  slt: "sge",
};

/** `if x goto A; goto B; A:` becomes `if not x goto B; A:`. */
function turnJumps(code: readonly Insn[]): Insn[] {
  const out: Insn[] = [];
  for (let i = 0; i < code.length; i++) {
    const insn = code[i], next = code[i + 1];
    const opposite = insn.op === "jump" && next?.op === "goto" ? OPPOSITE[insn.fn] : undefined;
    if (insn.op === "jump" && next?.op === "goto" && opposite && leadsTo(code, i + 2, insn.to.id)) {
      out.push({ ...insn, fn: opposite, to: next.to });
      i++;
    } else out.push(insn);
  }
  return out;
}

/** Whether only labels, the wanted one among them, lie between `at` and the next instruction. */
function leadsTo(code: readonly Insn[], at: number, label: number): boolean {
  for (let i = at; i < code.length; i++) {
    const insn = code[i];
    if (insn.op !== "label") return false;
    if (insn.label.id === label) return true;
  }
  return false;
}

function reachable(insns: readonly Insn[]): Uint8Array {
  const places = new Map<number, number>();
  insns.forEach((insn, i) => insn.op === "label" && places.set(insn.label.id, i));
  const reached = new Uint8Array(insns.length);
  const open = [0];
  while (open.length > 0) {
    let i = open.pop()!;
    while (i < insns.length && !reached[i]) {
      reached[i] = 1;
      const insn = insns[i];
      if (insn.op === "exit") break;
      if (insn.op === "jump" || insn.op === "goto") {
        const place = places.get(insn.to.id);
        if (place === undefined) throw new RangeError(`Label "${insn.to.name}" was never marked`);
        if (insn.op === "goto") {
          i = place;
          continue;
        }
        open.push(place);
      }
      i++;
    }
  }
  // Labels cost nothing and may be wanted by jumps that stay.
  insns.forEach((insn, i) => {
    if (insn.op === "label") reached[i] = 1;
  });
  return reached;
}

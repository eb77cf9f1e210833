import type { Field } from "../../core/data/mod.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { Access } from "../codegen/access.ts";
import type { ProbeField } from "./probe_field.ts";

/** A register of a function's context: unsigned, as nothing is known of its type. */
export function registerAccess(offset: number): Access {
  return { kind: "context", offset, width: 8, signed: false };
}

/** What a function returned, as a signed number. */
export const RESULT_ACCESS: Access = { kind: "context", offset: PT_REGS.result, width: 8, signed: true };

/** `args.0`, `args.1`, …: the arguments that go through registers; null for another name. */
export function bareArgument(name: string): ProbeField | null {
  const m = /^args\.(\d+)$/.exec(name);
  const offset = m ? PT_REGS.arguments[Number(m[1])] : undefined;
  return offset === undefined ? null : bareValue(name, offset);
}

/** An argument of which nothing is known but where it lies in the context. */
export function bareValue(name: string, offset: number): ProbeField {
  return { field: bareField(name), access: registerAccess(offset) };
}

/** All of them. */
export function bareArguments(): Field[] {
  return PT_REGS.arguments.map((_, i) => bareField(`args.${i}`));
}

function bareField(name: string): Field {
  return { name, type: "int", unit: null, unsigned: true, bare: true, doc: "an argument by its place" };
}

/** `args.ret` of a function whose type is not known. */
export const RESULT_FIELD: Field = {
  name: "args.ret",
  type: "int",
  unit: null,
  bare: true,
  doc: "What the function returned",
};

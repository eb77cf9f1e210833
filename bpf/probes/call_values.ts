import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { Access } from "../codegen/access.ts";
import type { Place } from "./point_kind.ts";

/** Arguments of a call that are kept: those that go through registers on every processor that there is. */
export const CALL_ARGUMENTS = 6;
const NOTHING: Access = { kind: "constant", value: 0n };

/**
 * What every call has, whatever is called, so that one program serves functions of many types: `arg0` to `arg5` at the
 * entry, at the return `result`, and `error`, the error number in it. An argument that a function does not have is 0, as
 * is the result of one that answers nothing. Programs of users have other ways to tell of errors than the kernel.
 *
 * @returns null for another name
 */
export function callValue(place: Place, name: string): Access | null {
  const argument = /^arg([0-5])$/.exec(name);
  if (argument) return argumentAt(place, Number(argument[1]));
  if (name !== "result" && name !== "error") return null;
  const result = place.access("args.ret");
  if (name === "result") return result ? wide(result) : NOTHING;
  return result && place.attach.kind !== "uprobe" ? { kind: "errno", of: wide(result) } : NOTHING;
}

function argumentAt(place: Place, index: number): Access {
  if (place.attach.kind !== "raw_tracepoint") return place.access(`args.${index}`) ?? NOTHING;
  // A system call: its registers as a whole. Their types differ, and would take a program each.
  return {
    kind: "member",
    base: 0,
    offsets: [PT_REGS.syscallArguments[index]],
    leaf: { kind: "int", width: 8, signed: false, bool: false },
    certain: true,
  };
}

/** Of 8 bytes the sign is not asked: error pointers and numbers are alike. */
function wide(access: Access): Access {
  return access.kind === "context" && access.width === 8 ? { ...access, signed: true } : access;
}

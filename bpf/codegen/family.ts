import { HELPER } from "../asm/mod.ts";
import type { Access } from "./access.ts";
import { emitCount, FP, type Gen, MAP } from "./gen.ts";
import { emitAccess } from "./read_access.ts";

/** Processes that a family may have, those that have ended included. */
export const FAMILY_ENTRIES = 65_536;

/** Goes on only for a process of the family. */
export function emitIsFamily(g: Gen): void {
  const { a } = g;
  const key = g.frame.alloc(8);
  a.load(4, 1, FP, g.pidTgid() + 4).store(8, FP, key, 1);
  a.map(1, MAP.family).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem).jump("eq", 0, 0, g.end);
}

/**
 * At a fork: the child of a process of the family is one as well. A child of another that has the number of one that has
 * ended is none. (Not at the end of that: much is called behind the kernel's event of it.)
 *
 * @param child the number of its process
 */
export function emitJoinFamily(g: Gen, child: Access): void {
  const { a } = g;
  const BPF_ANY = 0;
  const stranger = a.label("stranger");
  const parent = g.frame.alloc(8), key = g.frame.alloc(8), value = g.frame.alloc(8);
  emitAccess(g, child, g.end, "the child");
  a.store(8, FP, key, 0);
  a.load(4, 1, FP, g.pidTgid() + 4).store(8, FP, parent, 1);
  a.map(1, MAP.family).movReg(2, FP).alu("add", 2, parent).call(HELPER.map_lookup_elem).jump("eq", 0, 0, stranger);
  a.storeImm(8, FP, value, 0).map(1, MAP.family);
  a.movReg(2, FP).alu("add", 2, key).movReg(3, FP).alu("add", 3, value).constant(4, BPF_ANY);
  a.call(HELPER.map_update_elem).jump("eq", 0, 0, g.end);
  emitCount(g, "map_full");
  a.goto(g.end).mark(stranger);
  a.map(1, MAP.family).movReg(2, FP).alu("add", 2, key).call(HELPER.map_delete_elem);
}

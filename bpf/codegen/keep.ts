import type { Expr } from "../../core/query/mod.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { isTextType } from "../../core/query/type_classes.ts";
import { accessTextBytes, COMM_BYTES } from "./access.ts";
import { atomsOf, FP, type Gen, type Place, SCRATCH } from "./gen.ts";
import { isTextCall } from "./gen.ts";
import { nullable } from "./nullable.ts";
import { emitNumber } from "./numbers.ts";
import { emitText, textBytes, textSource } from "./texts.ts";

/** Expressions of one step: either a condition or values of the output. */
export interface StepExprs {
  readonly condition: boolean;
  readonly exprs: readonly Expr[];
}

/**
 * Which reads are worth keeping: those that stand in several places and cost a call, and long texts that a condition
 * looks at. The answer has them by the index of the step before which they must be read.
 */
export function planKept(g: Gen, steps: readonly StepExprs[]): Expr[][] {
  const uses = new Map<string, { atom: Expr; count: number; first: number; inCondition: boolean }>();
  steps.forEach((step, i) => {
    for (const atom of step.exprs.flatMap(atomsOf)) {
      const key = exprText(atom);
      const use = uses.get(key) ?? { atom, count: 0, first: i, inCondition: false };
      use.count++;
      use.inCondition ||= step.condition;
      uses.set(key, use);
    }
  });
  const plan: Expr[][] = steps.map(() => []);
  for (const { atom, count, first, inCondition } of uses.values()) {
    const worth = isText(g, atom)
      ? isKeepableText(g, atom) && (count > 1 || inCondition && textBytes(textSource(atom, g.access)) > 2 * COMM_BYTES)
      : count > 1 && isCostly(g, atom);
    if (worth) plan[first].push(atom);
  }
  return plan;
}

/** Reads a value and keeps it: a number or short text on the stack, a long text in the scratch memory. */
export function emitKept(g: Gen, atom: Expr): void {
  const { a } = g;
  const text = isText(g, atom);
  const bytes = text ? textBytes(textSource(atom, g.access)) : 8;
  const place: Place = bytes <= 2 * COMM_BYTES
    ? { base: FP, off: g.frame.alloc(bytes) }
    : { base: SCRATCH, off: g.scratch(bytes) };
  const nullFlag = nullable(atom, g.access) ? g.frame.alloc(8) : null;
  const isNull = a.label("null");
  if (nullFlag !== null) a.storeImm(8, FP, nullFlag, 1);
  if (text) emitText(g, atom, place, bytes, isNull);
  else {
    if (nullFlag !== null) a.storeImm(8, place.base, place.off, 0);
    emitNumber(g, atom, isNull);
    a.store(8, place.base, place.off, 0);
  }
  if (nullFlag !== null) a.storeImm(8, FP, nullFlag, 0);
  a.mark(isNull);
  g.cached.set(exprText(atom), { ...place, textBytes: text ? bytes : 0, nullFlag });
}

function isText(g: Gen, atom: Expr): boolean {
  if (atom.op === "field") return accessTextBytes(g.access(atom.name)) !== null && isTextType(atom.t.type);
  return isTextCall(atom);
}

function isKeepableText(g: Gen, atom: Expr): boolean {
  const source = textSource(atom, g.access);
  return source.kind !== "literal" && source.kind !== "argv" &&
    !(source.kind === "access" && source.access.kind === "carried");
}

function isCostly(g: Gen, atom: Expr): boolean {
  if (atom.op !== "field" || atom.t.type === "ip") return false;
  const access = g.access(atom.name);
  return access.kind === "member" || access.kind === "namespaced" ||
    (access.kind === "builtin" && access.name !== "pid" && access.name !== "tid");
}

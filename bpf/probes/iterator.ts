import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { KIND } from "../btf/mod.ts";
import type { Answer, Mechanism } from "../mechanisms.ts";
import { taskAccess } from "./builtins.ts";
import type { KernelTypes } from "./kernel_types.ts";
import type { Namespace } from "./namespace.ts";
import { globOf, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";

type Point = Extract<ProbePoint, { kind: "iter" }>;

/** Prefix of the functions that stand for iterators in the kernel's types (kernel/bpf/bpf_iter.c). */
const PREFIX = "bpf_iter_";
/** The first member of every iterator's context is `meta`; the object follows it. */
const OBJECT_OFFSET = 8;

/**
 * Iterators: a program that sees each object of a kind once, when it is opened. That over tasks has the builtins of the
 * task at which it stands; every one has the members of its object as `args.NAME`.
 */
export function iteratorKind(
  types: KernelTypes,
  mechanism: (which: Mechanism) => Answer,
  namespace: () => Namespace,
): PointKind<Point> {
  /** The object's name and type: the second member of `struct bpf_iter__TARGET`. */
  const objectOf = (target: string): { name: string; type: number } | null => {
    const btf = types.btfOrNull();
    const context = btf?.find(`bpf_iter__${target}`, KIND.STRUCT) ?? 0;
    return context === 0 ? null : btf!.members(context)[1] ?? null;
  };
  const field = (point: Point, name: string): ProbeField | null => {
    const object = objectOf(point.target);
    if (!object) return null;
    const [, first, ...path] = name.split(".");
    // `args.task.comm`, or `args.comm` for short.
    const members = first === object.name ? path : [first, ...path];
    if (members.length === 0) return types.ofContext(name, OBJECT_OFFSET, object.type, []);
    const found = types.ofContext(name, OBJECT_OFFSET, object.type, members);
    if (found?.access.kind !== "member") return found;
    return { ...found, access: { ...found.access, base: "item" } };
  };
  return {
    field,
    fields(point): Field[] | null {
      const object = objectOf(point.target);
      return object && [{ name: `args.${object.name}`, type: "address", unit: null, doc: `struct ${object.name} *` }];
    },
    places(point): readonly Place[] {
      const answer = mechanism("iterator");
      if (answer.state !== "yes") throw new CannotGenerate(answer.reason, answer.remedy);
      const btfId = types.btf().find(`${PREFIX}${point.target}`, KIND.FUNC);
      if (btfId === 0) {
        throw new CannotGenerate(
          `the kernel has no iterator over "${point.target}"`,
          "`sonde list probes 'iter:*'` lists them.",
        );
      }
      const access = (name: string): Access | null =>
        name.startsWith("args.")
          ? field(point, name)?.access ?? null
          : point.target === "task"
          ? taskAccess(name, types, namespace)
          : null;
      return [{
        attach: { kind: "iter", target: point.target, btfId },
        guards: [],
        surroundings: { tasks: true, item: OBJECT_OFFSET, result: 0 },
        access,
      }];
    },
    match(pattern, limit): ReturnType<PointKind<Point>["match"]> {
      const matches = globOf(pattern?.target ?? "*");
      const names = types.names(`${PREFIX.slice(0, -1)}__`, KIND.STRUCT).map((n) => n.slice("bpf_iter__".length));
      const targets = names.filter((n) => n !== "" && matches(n)).sort();
      return upTo(targets.map((target): Point => ({ kind: "iter", target })), limit);
    },
  };
}

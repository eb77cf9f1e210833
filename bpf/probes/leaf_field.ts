import type { Field, FieldType } from "../../core/data/mod.ts";
import { defaultUnit } from "../../core/data/mod.ts";
import type { Leaf } from "../btf/mod.ts";

/** The field that a value of the kernel gives. A `pid_t` is a thread's number in the initial namespace. */
export function leafField(name: string, leaf: Leaf, typeText: string): Field {
  const type = leafType(leaf, typeText);
  const unsigned = type === "int" && leaf.kind === "int" && !leaf.signed;
  const base = { name, type, unit: defaultUnit(type), doc: `${typeText}` };
  return unsigned ? { ...base, unsigned } : base;
}

function leafType(leaf: Leaf, typeText: string): FieldType {
  switch (leaf.kind) {
    case "pointer":
      return "address";
    case "chars":
      return "string";
    case "ip":
      return "ip";
    case "int":
      if (leaf.bool) return "bool";
      return typeText === "pid_t" ? "tid" : "int";
  }
}

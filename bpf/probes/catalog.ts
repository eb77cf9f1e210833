import type { Field } from "../../core/data/mod.ts";
import { type Host, openTraceEvents, type TraceEvents } from "../../core/host/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { probePointText } from "../../core/query/probe_spec.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { askNamespace } from "./ask_namespace.ts";
import { BUILTIN_FIELDS, builtinAccess } from "./builtins.ts";
import { openKernelTypes } from "./kernel_types.ts";
import { type Namespace, readNamespace } from "./namespace.ts";
import type { ProbeField } from "./probe_field.ts";
import { rawTracepointNames } from "./raw_arguments.ts";
import { rawTracepointField, rawTracepointFields } from "./raw_tracepoint.ts";
import type { Target } from "./target.ts";
import { tracepoints } from "./tracepoint.ts";

/** What can be probed on this machine, and what is in it. Files are read when first needed, and only then. */
export interface Catalog extends Disposable {
  /**
   * A probe point with the fields that a spec uses.
   *
   * @param names of those fields: they decide how a tracepoint is read best
   * @throws {CannotGenerate} when there is no such point
   */
  target(point: ProbePoint, names: readonly string[]): Target;
  /** One field of a point: `pid`, `args.filename`, `args.prev.comm`, `task.real_parent.tgid`. Null when there is none. */
  field(point: ProbePoint, name: string): ProbeField | null;
  /** The builtins and the arguments of a point, without the members of structs; null when there is no such point. */
  fields(point: ProbePoint): Field[] | null;
  /** All points as the user writes them, sorted. */
  points(): string[];
  /** Where we stand among pid namespaces. @throws {SysError} when the kernel does not let us ask */
  namespace(): Namespace;
}

/** Opens the catalogue of a machine. */
export function openCatalog(host: Host): Catalog {
  const types = openKernelTypes(host);
  let opened: TraceEvents | undefined;
  const events = (): TraceEvents => opened ??= openTraceEvents(host);
  let known: Namespace | undefined;
  const namespace = (): Namespace => known ??= readNamespace(host, () => askNamespace(types.btf()));
  const records = tracepoints(types, events);

  const field = (point: ProbePoint, name: string, from?: "record"): ProbeField | null => {
    const builtin = BUILTIN_FIELDS.find((f) => f.name === name);
    if (builtin) {
      const access = builtinAccess(name, point, types, namespace);
      return access && { field: builtin, access };
    }
    if (name.startsWith("task.")) return types.ofTask(name, name.slice("task.".length).split("."));
    if (!name.startsWith("args.")) return null;
    switch (point.kind) {
      case "raw_tracepoint":
        return rawTracepointField(point.name, name, types);
      case "tracepoint":
        return records.field(point, name, from);
      default:
        return null;
    }
  };
  const target = (point: ProbePoint, rest: Pick<Target, "attach" | "guards">, from?: "record"): Target => ({
    point,
    ...rest,
    access(name) {
      const found = field(point, name, from);
      if (!found) throw new CannotGenerate(`the kernel has no field "${name}" for ${probePointText(point)}`);
      return found.access;
    },
  });

  return {
    target(point, names) {
      switch (point.kind) {
        case "raw_tracepoint":
          return target(point, { attach: { kind: "raw_tracepoint", name: point.name }, guards: [] });
        case "tracepoint": {
          const { from, ...rest } = records.attach(point, names);
          return target(point, rest, from);
        }
        default:
          throw new CannotGenerate(
            `the bpf engine does not serve ${point.kind}: probes yet`,
            "Use tracepoint: or raw_tracepoint: probes.",
          );
      }
    },
    field(point, name) {
      try {
        return field(point, name);
      } catch (error) {
        if (error instanceof CannotGenerate) return null;
        throw error;
      }
    },
    fields(point) {
      const args = point.kind === "raw_tracepoint"
        ? rawTracepointFields(point.name, types)
        : point.kind === "tracepoint"
        ? records.fields(point)
        : null;
      return args && [...BUILTIN_FIELDS, ...args];
    },
    points() {
      const btf = types.btfOrNull();
      const raw = btf ? rawTracepointNames(btf).map((name) => `raw_tracepoint:${name}`) : [];
      return [...raw, ...events().names().map((name) => `tracepoint:${name}`)].sort();
    },
    namespace,
    [Symbol.dispose]: () => types[Symbol.dispose](),
  };
}

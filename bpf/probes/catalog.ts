import { type Field } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { probePointText } from "../../core/query/probe_spec.ts";
import { type Btf, KIND, leafOf, memberPath, type OpenBtf, openBtf, typeText } from "../btf/mod.ts";
import type { Access, MemberAccess, MemberBase } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { BUILTIN_FIELDS, SIMPLE_BUILTINS } from "./builtins.ts";
import { formatAccess, formatField } from "./format_access.ts";
import { leafField } from "./leaf_field.ts";
import { LOWERED, LOWERED_TEXTS } from "./lowered.ts";
import { askNamespace } from "./ask_namespace.ts";
import { type Namespace, readNamespace } from "./namespace.ts";
import { type Format, parseFormat } from "./parse_format.ts";
import { type RawArguments, rawArguments, rawTracepointNames } from "./raw_arguments.ts";
import { isSyscallRaw, NUMBER, REGISTERS, syscallProbe, syscallRawFields } from "./syscall_probe.ts";
import type { Target } from "./target.ts";

/** A field and how it is read. */
export interface ProbeField {
  readonly field: Field;
  readonly access: Access;
}

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
  let opened: OpenBtf | null | undefined;
  let ownNamespace: Namespace | undefined;
  let formatOf: ((category: string, name: string) => Format | null) | undefined;

  const btf = (): Btf => {
    const found = btfOrNull();
    if (found) return found;
    throw new CannotGenerate(
      "the kernel's type information (BTF) is not there",
      "Use a kernel with CONFIG_DEBUG_INFO_BTF, or fields that do not need it.",
    );
  };
  const btfOrNull = (): Btf | null => {
    if (opened === undefined) {
      const path = host.path("btf_vmlinux");
      opened = exists(path) ? openBtf(path) : null;
    }
    return opened?.btf ?? null;
  };
  const format = (category: string, name: string): Format | null =>
    (formatOf ??= formats(host.path("tracefs")))(category, name);

  const namespace = (): Namespace => ownNamespace ??= readNamespace(host, () => askNamespace(btf()));

  const rawArgs = new Map<string, RawArguments | null>();
  const argumentsOf = (name: string): RawArguments | null => {
    let found = rawArgs.get(name);
    if (found === undefined) {
      const types = btfOrNull();
      rawArgs.set(name, found = types ? rawArguments(types, name) : null);
    }
    return found;
  };

  const memberField = (name: string, from: number, base: MemberBase, path: readonly string[]): ProbeField => {
    const found = memberPath(btf(), from, path);
    if ("error" in found) throw new CannotGenerate(`${name}: ${found.error}`);
    const access: MemberAccess = { kind: "member", base, offsets: found.offsets, leaf: found.leaf };
    return { field: leafField(name, found.leaf, found.typeText), access };
  };
  const taskType = (): number => btf().find("task_struct", KIND.STRUCT);

  /** `pid`, `tid` and `ppid` as they are seen from our namespace. */
  const namespaced = (path: readonly string[]): Access => {
    const ns = namespace();
    const level = String(ns.level);
    const number = memberField("pid", taskType(), "task", [...path, "thread_pid", "numbers", level, "nr"]).access;
    const inode = memberField("pid", taskType(), "task", [...path, "thread_pid", "numbers", level, "ns", "ns", "inum"]);
    return { kind: "namespaced", number: number as MemberAccess, inode: inode.access as MemberAccess, ours: ns.inode };
  };
  const builtin = (name: string, point: ProbePoint): Access | null => {
    switch (name) {
      case "probe":
        return { kind: "constant_text", text: probePointText(point) };
      case "ppid":
        return namespace().initial
          ? memberField(name, taskType(), "task", ["real_parent", "tgid"]).access
          : namespaced(["real_parent", "group_leader"]);
      case "pid":
        return namespace().initial ? SIMPLE_BUILTINS.pid : namespaced(["group_leader"]);
      case "tid":
        return namespace().initial ? SIMPLE_BUILTINS.tid : namespaced([]);
      default:
        return SIMPLE_BUILTINS[name] ?? null;
    }
  };

  const rawField = (tracepoint: string, name: string): ProbeField | null => {
    const [, first, ...path] = name.split(".");
    if (path.length === 0 && isSyscallRaw(tracepoint)) {
      const i = syscallRawFields(tracepoint).findIndex((f) => f.name === name);
      if (i >= 0) return { field: syscallRawFields(tracepoint)[i], access: i === 1 ? NUMBER : REGISTERS };
    }
    const index = /^\d+$/.test(first) ? Number(first) : -1;
    if (index >= 0 && path.length === 0) {
      if (index >= MAX_ARGUMENTS) return null;
      const access: Access = { kind: "context", offset: index * 8, width: 8, signed: false };
      return { field: { name, type: "int", unit: null, unsigned: true, doc: "the bare argument" }, access };
    }
    const args = argumentsOf(tracepoint);
    const i = index >= 0 ? index : args?.params.findIndex((p) => p.name === first) ?? -1;
    const param = args?.params[i];
    return param ? argument(name, i, param.type, path) : null;
  };
  const argument = (name: string, i: number, type: number, path: readonly string[]): ProbeField | null => {
    if (path.length > 0) return memberField(name, type, i * 8, path);
    const leaf = leafOf(btf(), type);
    if (!leaf || leaf.kind === "chars") return null;
    const width = leaf.kind === "pointer" ? 8 : leaf.width;
    const access: Access = { kind: "context", offset: i * 8, width, signed: leaf.kind === "int" && leaf.signed };
    return { field: leafField(name, leaf, typeText(btf(), type)), access };
  };

  const loweredField = (category: string, tracepoint: string, name: string): ProbeField | null => {
    const short = name.slice("args.".length);
    const path = LOWERED[`${category}:${tracepoint}`]?.[short];
    const param = path && argumentsOf(tracepoint)?.params[path[0]];
    if (!param) return null;
    const found = argument(name, path[0], param.type, path.slice(1) as string[]);
    if (!found || !LOWERED_TEXTS.has(`${category}:${tracepoint}.${short}`)) return found;
    return {
      field: { name, type: "string", unit: null, doc: "char *" },
      access: { kind: "pointed_text", pointer: found.access },
    };
  };

  const syscalls = new Map<string, ReturnType<typeof syscallProbe>>();
  const syscallOf = (category: string, name: string): ReturnType<typeof syscallProbe> => {
    if (category !== "syscalls") return null;
    let probe = syscalls.get(name);
    if (probe === undefined) {
      const record = name.startsWith("sys_enter_") ? format(category, name) : null;
      syscalls.set(name, probe = syscallProbe(name, record));
    }
    return probe;
  };

  const recordField = (category: string, tracepoint: string, name: string): ProbeField | null => {
    const found = format(category, tracepoint)?.fields.find((f) => `args.${f.name}` === name);
    const access = found && formatAccess(found);
    return access ? { field: formatField(found, name), access } : null;
  };

  const field = (point: ProbePoint, name: string, asRecord = false): ProbeField | null => {
    const known = BUILTIN_FIELDS.find((f) => f.name === name);
    if (known) {
      const access = builtin(name, point);
      return access && { field: known, access };
    }
    if (name.startsWith("task.")) {
      return memberField(name, taskType(), "task", name.slice("task.".length).split("."));
    }
    if (!name.startsWith("args.")) return null;
    switch (point.kind) {
      case "raw_tracepoint":
        return rawField(point.name, name);
      case "tracepoint": {
        if (asRecord) return recordField(point.category, point.name, name);
        const syscall = syscallOf(point.category, point.name);
        if (syscall) return syscall.args.get(name.slice("args.".length)) ?? null;
        return loweredField(point.category, point.name, name) ?? recordField(point.category, point.name, name);
      }
      default:
        return null;
    }
  };

  const accessOf = (point: ProbePoint, asRecord: boolean): (name: string) => Access => (name) => {
    const found = field(point, name, asRecord);
    if (!found) throw new CannotGenerate(`${probePointText(point)} has no field "${name}"`);
    return found.access;
  };

  const tracepointTarget = (point: Extract<ProbePoint, { kind: "tracepoint" }>, names: readonly string[]): Target => {
    const { category, name } = point;
    const syscall = syscallOf(category, name);
    if (syscall) {
      const attach = { kind: "raw_tracepoint", name: syscall.rawName } as const;
      return { point, attach, guards: syscall.guards, access: accessOf(point, false) };
    }
    const args = names.filter((n) => n.startsWith("args."));
    const lowers = `${category}:${name}` in LOWERED && args.every((n) => loweredField(category, name, n) !== null);
    if (lowers && argumentsOf(name)) {
      return { point, attach: { kind: "raw_tracepoint", name }, guards: [], access: accessOf(point, false) };
    }
    const record = format(category, name);
    if (!record) {
      throw new CannotGenerate(
        `${probePointText(point)} is not known here`,
        "Mount tracefs (mount -t tracefs tracefs /sys/kernel/tracing), or look for the name with `sonde list probes`.",
      );
    }
    const attach = { kind: "tracepoint", id: record.id, name: `${category}:${name}` } as const;
    return { point, attach, guards: [], access: accessOf(point, true) };
  };

  const argumentFields = (point: ProbePoint): Field[] | null => {
    if (point.kind === "raw_tracepoint") {
      if (isSyscallRaw(point.name)) return syscallRawFields(point.name);
      const args = argumentsOf(point.name);
      return args && args.params.flatMap((p, i) => rawField(point.name, `args.${p.name || i}`)?.field ?? []);
    }
    if (point.kind !== "tracepoint") return null;
    const syscall = syscallOf(point.category, point.name);
    if (syscall) return [...syscall.args.values()].map((a) => a.field);
    const names = Object.keys(LOWERED[`${point.category}:${point.name}`] ?? {});
    const record = format(point.category, point.name)?.fields.map((f) => f.name);
    if (!record && names.length === 0) return null;
    return (record ?? names).flatMap((n) => field(point, `args.${n}`)?.field ?? []);
  };

  return {
    target(point, names) {
      switch (point.kind) {
        case "raw_tracepoint":
          return {
            point,
            attach: { kind: "raw_tracepoint", name: point.name },
            guards: [],
            access: accessOf(point, false),
          };
        case "tracepoint":
          return tracepointTarget(point, names);
        default:
          throw new CannotGenerate(
            `${point.kind} probes are not served by the bpf engine yet`,
            "Use tracepoint: or raw_tracepoint: probes.",
          );
      }
    },
    field: (point, name) => {
      try {
        return field(point, name);
      } catch (error) {
        if (error instanceof CannotGenerate) return null;
        throw error;
      }
    },
    fields(point) {
      const args = argumentFields(point);
      return args && [...BUILTIN_FIELDS, ...args];
    },
    points() {
      const types = btfOrNull();
      const raw = types ? rawTracepointNames(types).map((name) => `raw_tracepoint:${name}`) : [];
      return [...raw, ...tracepointNames(host.path("tracefs"))].sort();
    },
    namespace,
    [Symbol.dispose](): void {
      opened?.[Symbol.dispose]();
      opened = undefined;
    },
  };
}

/** Arguments that a raw tracepoint can have (include/trace/bpf_probe.h, kernel/trace/bpf_trace.c: 12). */
const MAX_ARGUMENTS = 12;

function formats(tracefs: string): (category: string, name: string) => Format | null {
  const known = new Map<string, Format | null>();
  return (category, name) => {
    // A name from a recipe becomes part of a path.
    if (!/^[\w-]+$/.test(category) || !/^[\w-]+$/.test(name)) return null;
    const key = `${category}/${name}`;
    let found = known.get(key);
    if (found === undefined) {
      const text = readOrNull(`${tracefs}/events/${key}/format`);
      known.set(key, found = text === null ? null : parseFormat(text));
    }
    return found;
  };
}

function tracepointNames(tracefs: string): string[] {
  const text = readOrNull(`${tracefs}/available_events`) ?? "";
  return text.split("\n").filter((line) => line !== "").map((line) => `tracepoint:${line}`);
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return null;
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

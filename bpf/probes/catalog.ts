import type { Field } from "../../core/data/mod.ts";
import { type Host, openTraceEvents, syscallNames, type TraceEvents } from "../../core/host/mod.ts";
import { type CallTarget, fieldRef, type ProbePoint, probePointText } from "../../core/query/mod.ts";
import { typeText } from "../btf/mod.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import type { CallProbes, TargetFinder } from "../codegen/plan.ts";
import { mechanism, works } from "../mechanisms.ts";
import { askNamespace } from "./ask_namespace.ts";
import { BUILTIN_FIELDS, builtinAccess, TASKLESS } from "./builtins.ts";
import { type CallPoints, callPoints, frameAccess } from "./call_probes.ts";
import { CALL_ARGUMENTS, callValue } from "./call_values.ts";
import { codeFiles } from "./code_files.ts";
import { groupBase, groupKey, type GroupOptions, groupPlaces, type NamedPlace, targetsOf } from "./group_places.ts";
import { iteratorKind } from "./iterator.ts";
import { kernelFunctionKind } from "./kernel_function.ts";
import { openKernelFunctions } from "./kernel_functions.ts";
import { openKernelTypes } from "./kernel_types.ts";
import { type Namespace, readNamespace } from "./namespace.ts";
import { packetKind } from "./packet_probe.ts";
import { globOf, type Matched, type Place, type PointKind } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";
import { rawTracepointKind } from "./raw_tracepoint.ts";
import { staticProbeKind } from "./static_probe.ts";
import type { Target } from "./target.ts";
import { timedKind } from "./timed_probe.ts";
import { tracepointKind } from "./tracepoint.ts";
import { trampolineReads } from "./trampoline_arguments.ts";
import { userFunctionKind } from "./user_function.ts";

/** What can be probed on this machine, and what is in it. Files are read when first needed, and only then. */
export interface Catalog extends TargetFinder, Disposable {
  /** One field of a point: `pid`, `args.filename`, `args.prev.comm`, `task.real_parent.tgid`. Null when there is none. */
  field(point: ProbePoint, name: string): ProbeField | null;
  /** Why there is no such field, where more can be said than that; else null. */
  fieldProblem(point: ProbePoint, name: string): string | null;
  /** The builtins and the arguments of a point, without the members of structs; null when there is no such point. */
  fields(point: ProbePoint): Field[] | null;
  /** The fields of calls: builtins and arguments at the entry, `ret`, `errno`, `duration`. */
  callFields(target: CallTarget): Field[] | null;
  callField(target: CallTarget, name: string): Field | null;
  /** Why arguments of a point may be missing that it has: a sentence; null when nothing keeps us from seeing them. */
  blindness(point: ProbePoint): string | null;
  /** Like {@linkcode fieldProblem}, for calls. */
  callFieldProblem(target: CallTarget, name: string): string | null;
  /** Why a point, or a function, cannot be found here: a sentence, and what to do; null when it can. */
  problem(point: ProbePoint): string | null;
  callProblem(target: CallTarget): string | null;
  /** The points that a pattern means: its names may hold `*` and `?`. */
  match(pattern: ProbePoint, limit: number): Matched;
  /** A function's arguments, in order; null where they are not known. */
  callArguments(target: CallTarget): readonly CallArgument[] | null;
  matchCalls(pattern: CallTarget, limit: number): { readonly targets: readonly CallTarget[]; readonly total: number };
  /** Points of all kinds that can be listed without naming a file. Functions only where they can be attached to. */
  points(): ProbePoint[];
  /** Where we stand among pid namespaces. @throws {SysError} when the kernel does not let us ask */
  namespace(): Namespace;
}

/** An argument of a function. */
export interface CallArgument {
  /** Empty where the kernel does not keep it. */
  readonly name: string;
  /** It points to a text that can be read: a path. Other `const char *` are as often bytes. */
  readonly text: boolean;
}

function isPath(name: string, type: string): boolean {
  return /^const char \*$/.test(type.trim()) && /path|name$/.test(name);
}

const DURATION: Field = { name: "duration", type: "duration", unit: "ns", doc: "From the entry to the return" };
const ERRNO: Field = {
  name: "errno",
  type: "int",
  unit: null,
  doc: "The error number of what it returned; 0 for none",
};

/** Opens the catalogue of a machine. */
export function openCatalog(host: Host): Catalog {
  const types = openKernelTypes(host);
  let opened: TraceEvents | undefined;
  const events = (): TraceEvents => opened ??= openTraceEvents(host);
  let known: Namespace | undefined;
  const namespace = (): Namespace => known ??= readNamespace(host, () => askNamespace(types.btf()));
  const answer = (which: Parameters<typeof mechanism>[0]): ReturnType<typeof mechanism> => mechanism(which, host);
  const functions = openKernelFunctions(host);
  const files = codeFiles();

  const ofKernel = kernelFunctionKind(types, functions, answer);
  const ofUser = userFunctionKind(files, answer);
  const timed = timedKind();
  const kinds = {
    tracepoint: tracepointKind(types, events),
    raw_tracepoint: rawTracepointKind(types),
    kprobe: ofKernel,
    kretprobe: ofKernel,
    fentry: ofKernel,
    fexit: ofKernel,
    uprobe: ofUser,
    uretprobe: ofUser,
    usdt: staticProbeKind(files, answer),
    profile: timed,
    interval: timed,
    software: timed,
    hardware: timed,
    iter: iteratorKind(types, answer, namespace),
    xdp: packetKind(host),
  } as const;
  const kindOf = (point: ProbePoint): PointKind => kinds[point.kind] as unknown as PointKind;

  /** How a field is read at a place: by its kind, else as a builtin of the current task. */
  const accessAt = (place: Place, name: string): Access => {
    const own = place.access(name);
    if (own) return own;
    const { tasks, item } = place.surroundings;
    const current = tasks && item === null;
    const access = current && name.startsWith("task.")
      ? types.ofTask(name, name.slice("task.".length).split(".")).access
      : current || TASKLESS.has(name)
      ? builtinAccess(name, types, namespace)
      : null;
    if (access) return access;
    throw new CannotGenerate(
      current ? `the kernel has no field "${name}" here` : `"${name}" is not known here: no task has to do with it`,
    );
  };
  const options: GroupOptions = {
    access: accessAt,
    get kprobeMulti(): boolean {
      return works("kprobe_multi", host);
    },
  };
  const placesOf = (point: ProbePoint, names: readonly string[], text = probePointText(point)): NamedPlace[] =>
    kindOf(point).places(point, names).map((place) => ({ place, text }));
  const targets = (points: readonly ProbePoint[], names: readonly string[]): Target[] =>
    groupPlaces(points.flatMap((p) => placesOf(p, names)), names, options);

  const fieldOrThrow = (point: ProbePoint, name: string): ProbeField | null => {
    const builtin = BUILTIN_FIELDS.find((f) => f.name === name);
    if (builtin) {
      const taskless = point.kind === "xdp" && !TASKLESS.has(name);
      return taskless ? null : { field: builtin, access: { kind: "constant", value: 0n } };
    }
    if (name.startsWith("task.")) return types.ofTask(name, name.slice("task.".length).split("."));
    return name.startsWith("args.") ? kindOf(point).field(point, name) : null;
  };
  const quietly = <T>(work: () => T | null): T | null => {
    try {
      return work();
    } catch (error) {
      if (error instanceof CannotGenerate) return null;
      throw error;
    }
  };
  /** What keeps a thing from being done, as text. */
  const loudly = (work: () => unknown): string | null => {
    try {
      work();
      return null;
    } catch (error) {
      if (error instanceof CannotGenerate) return [error.message, error.remedy].filter(Boolean).join("\n");
      throw error;
    }
  };
  const problem = (point: ProbePoint): string | null => loudly(() => kindOf(point).places(point, []));
  const field = (point: ProbePoint, name: string): ProbeField | null => quietly(() => fieldOrThrow(point, name));
  const pointsOf = (target: CallTarget): CallPoints | null => quietly(() => pointsOfCalls([target])[0]);
  /** Where a field of a call is read: what its result leads to at the return, all else at the entry. */
  const sideOf = (points: CallPoints, name: string): ProbePoint =>
    name.startsWith("args.ret.") ? points.end : points.start;
  const callField = (target: CallTarget, name: string): Field | null => {
    const points = pointsOf(target);
    if (!points) return null;
    switch (name) {
      case "duration":
        return DURATION;
      case "errno":
        return target.kind === "user" ? null : ERRNO;
      case "ret": {
        const found = field(points.end, "args.ret")?.field;
        return found ? { ...found, name } : null;
      }
      default:
        return field(sideOf(points, name), name)?.field ?? null;
    }
  };

  return {
    targets,
    calls: callTargets,
    field,
    fieldProblem: (point, name) => loudly(() => fieldOrThrow(point, name)),
    fields(point) {
      const args = quietly(() => kindOf(point).fields(point));
      return args && [...BUILTIN_FIELDS.filter((f) => point.kind !== "xdp" || TASKLESS.has(f.name)), ...args];
    },
    callFields(target) {
      const points = pointsOf(target);
      const args = points && quietly(() => kindOf(points.start).fields(points.start));
      if (!args) return null;
      return [
        ...BUILTIN_FIELDS,
        ...args,
        ...["ret", "errno", "duration"].flatMap((name) => callField(target, name) ?? []),
      ];
    },
    callField,
    blindness: (point) => point.kind === "tracepoint" ? events().problem : null,
    callFieldProblem(target, name) {
      const points = pointsOf(target);
      return points && loudly(() => fieldOrThrow(sideOf(points, name), name));
    },
    problem,
    callProblem(target) {
      const sides = pointsOf(target);
      return sides ? problem(sides.start) : loudly(() => pointsOfCalls([target]));
    },
    match: (pattern, limit) => quietly(() => kindOf(pattern).match(pattern, limit)) ?? { points: [], total: 0 },
    callArguments(target) {
      if (target.kind === "user") return null;
      if (target.kind === "kernel") {
        const type = types.ofFunction(target.symbol);
        return type?.params.map((p) => ({ name: p.name, text: isPath(p.name, typeText(type.types, p.type)) })) ?? null;
      }
      const points = pointsOf(target);
      const fields = points && quietly(() => kindOf(points.start).fields(points.start));
      return fields?.map((f) => {
        const name = f.name.replace(/^args\./, "");
        return { name, text: isPath(name, f.doc ?? "") };
      }) ?? null;
    },
    matchCalls(pattern, limit) {
      if (pattern.kind === "syscall") {
        const names = syscallNames().filter(globOf(pattern.name));
        return { targets: names.slice(0, limit).map((name) => ({ kind: "syscall", name })), total: names.length };
      }
      const point: ProbePoint = pattern.kind === "kernel"
        ? { kind: "kprobe", symbol: pattern.symbol }
        : { kind: "uprobe", path: pattern.path, symbol: pattern.symbol };
      const { points, total } = this.match(point, limit);
      const found = points.map((p): CallTarget => ({ ...pattern, symbol: (p as { symbol: string }).symbol }));
      return { targets: found, total };
    },
    points() {
      const all = (kind: keyof typeof kinds): readonly ProbePoint[] =>
        quietly(() => (kinds[kind] as unknown as PointKind).match(null, Infinity).points) ?? [];
      return [
        ...all("raw_tracepoint"),
        ...all("tracepoint"),
        ...(works("kprobe", host) ? all("kprobe") : []),
        ...all("software"),
        ...all("iter"),
        ...all("xdp"),
      ];
    },
    namespace,
    [Symbol.dispose]: () => types[Symbol.dispose](),
  };

  function callTargets(
    list: readonly CallTarget[],
    startNames: readonly string[],
    endNames: readonly string[],
    attachBy?: "fentry" | "kprobe",
  ): CallProbes {
    const atEnd = endNames.map((n) => n === "errno" ? "args.ret" : n);
    const options: GroupOptions = {
      access: (place, name) => callValue(place, name) ?? accessAt(place, name),
      get kprobeMulti(): boolean {
        return works("kprobe_multi", host);
      },
    };
    // Entries and returns are grouped alike: where one program serves many functions, a function's number is its place
    // in the group.
    const groups = new Map<string, { points: CallPoints; starts: NamedPlace[]; ends: NamedPlace[] }>();
    for (const points of pointsOfCalls(list, attachBy)) {
      const starts = placesOf(points.start, startNames, points.text);
      const ends = placesOf(points.end, atEnd, points.text);
      const key = groupKey(starts[0], startNames, options, groups.size) +
        groupKey(ends[0], atEnd, options, groups.size);
      const group = groups.get(key);
      if (group) {
        group.starts.push(...starts);
        group.ends.push(...ends);
      } else groups.set(key, { points, starts, ends });
    }
    const all = [...groups.values()];
    const frameOf = (point: ProbePoint, group: number): Access => {
      const many = all[group].starts.length > 1;
      return frameAccess(point, many ? { kind: "sum", of: COOKIE, add: groupBase(group) } : null);
    };
    const starts = targetsOf(all.map((g) => g.starts), options).map((target, i): Target => ({
      ...target,
      access: (name) => name === "frame" ? frameOf(all[i].points.start, i) : target.access(name),
    }));
    const ends = targetsOf(all.map((g) => g.ends), options).map((target, i): Target => ({
      ...target,
      access(name): Access {
        if (name === "frame") return frameOf(all[i].points.end, i);
        return name === "errno" ? { kind: "errno", of: target.access("args.ret") } : target.access(name);
      },
    }));
    return { starts, ends, key: [fieldRef("ktid", "tid"), fieldRef("frame", "address")] };
  }

  function pointsOfCalls(list: readonly CallTarget[], attachBy?: "fentry" | "kprobe"): CallPoints[] {
    const readable = (symbol: string): boolean => {
      const type = types.ofFunction(symbol);
      return type !== null && trampolineReads(type, CALL_ARGUMENTS, (which) => works(which, host));
    };
    return callPoints(list, (which) => works(which, host), readable, attachBy);
  }
}

const COOKIE: Access = { kind: "builtin", name: "cookie" };

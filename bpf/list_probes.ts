import type { Field } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import { type CallTarget, type ProbePoint, probePointText } from "../core/query/mod.ts";
import { BUILTIN_FIELDS } from "./probes/builtins.ts";
import { type Catalog, openCatalog } from "./probes/catalog.ts";
import { globOf } from "./probes/point_kind.ts";

// One catalogue for each host, for as long as the process lives: its memory is a mapping of the kernel's own.
const catalogs = new WeakMap<Host, Catalog>();

/** The catalogue of a host, opened when first asked for. */
export function catalogOf(host: Host): Catalog {
  let catalog = catalogs.get(host);
  if (!catalog) catalogs.set(host, catalog = openCatalog(host));
  return catalog;
}

/**
 * The fields of a probe point with types and units, known without attaching: the builtins, then `args.NAME`. Members
 * of structs are too many to list: ask {@linkcode probeField} for one.
 *
 * @returns null when there is no such point here
 */
export function probeFields(point: ProbePoint, host: Host): Field[] | null {
  return catalogOf(host).fields(point);
}

/**
 * One field of a probe point: a builtin (`pid`), an argument (`args.filename`), a member reached from an argument
 * (`args.prev.comm`) or from the current task (`task.real_parent.tgid`).
 *
 * @returns null when there is none of that name, or a text that says why a path leads nowhere
 */
export function probeField(point: ProbePoint, name: string, host: Host): Field | string | null {
  const catalog = catalogOf(host);
  return catalog.field(point, name)?.field ?? catalog.fieldProblem(point, name);
}

/** The fields of calls of a function: builtins and arguments at the entry, `ret`, `errno`, `duration`; null for none. */
export function callFields(target: CallTarget, host: Host): Field[] | null {
  return catalogOf(host).callFields(target);
}

/** One field of calls, members of structs included; null for none of that name, or a text that says why. */
export function callField(target: CallTarget, name: string, host: Host): Field | string | null {
  const catalog = catalogOf(host);
  return catalog.callField(target, name) ?? catalog.callFieldProblem(target, name);
}

/** Why there is no such point here, for people; null when nothing speaks against it. */
export function probeProblem(point: ProbePoint, host: Host): string | null {
  return catalogOf(host).problem(point);
}

/** Why there is no such function here, for people; null when nothing speaks against it. */
export function callProblem(target: CallTarget, host: Host): string | null {
  return catalogOf(host).callProblem(target);
}

/** Why arguments of a point may be missing that it has; null when nothing keeps us from seeing them. */
export function probeBlindness(point: ProbePoint, host: Host): string | null {
  return catalogOf(host).blindness(point);
}

/** Fields that every probe has. */
export function builtinFields(): readonly Field[] {
  return BUILTIN_FIELDS;
}

/**
 * The points that a pattern means.
 *
 * @param pattern a point whose names may hold `*` and `?`
 * @param limit most points to answer; `total` counts all
 */
export function matchProbes(
  pattern: ProbePoint,
  host: Host,
  limit: number,
): { readonly points: readonly ProbePoint[]; readonly total: number } {
  return catalogOf(host).match(pattern, limit);
}

/** The functions that a pattern means; like {@linkcode matchProbes}. */
export function matchCalls(
  pattern: CallTarget,
  host: Host,
  limit: number,
): { readonly targets: readonly CallTarget[]; readonly total: number } {
  return catalogOf(host).matchCalls(pattern, limit);
}

/** A kind that is listed by file: `uprobe:/bin/bash:read*`. */
const IN_FILE = /^(uprobe|uretprobe|usdt):(.+?):([^/]*)$/;

/**
 * Probe points of this machine, as the user writes them, sorted.
 *
 * @param pattern text with `*` for anything: `tracepoint:sched:*`; without a `*` it may stand anywhere. Functions of
 *   programs are listed for one file: `uprobe:/bin/bash:*`
 */
export function listProbes(pattern: string, host: Host): string[] {
  return listPoints(pattern, host).map(probePointText);
}

/** Like {@linkcode listProbes}, as points. */
export function listPoints(pattern: string, host: Host): ProbePoint[] {
  const catalog = catalogOf(host);
  const file = IN_FILE.exec(pattern);
  if (file && !/[*?]/.test(file[2])) {
    const [, kind, path, symbol] = file;
    return [...catalog.match({ kind: kind as "uprobe", path, symbol: symbol || "*" }, Infinity).points];
  }
  const matches = globOf(/[*?]/.test(pattern) ? pattern : `*${pattern}*`);
  const other = /^(kretprobe|fentry|fexit):(.*)$/.exec(pattern);
  const points = other
    ? catalog.match({ kind: other[1] as "fentry", symbol: other[2] || "*" }, Infinity).points
    : catalog.points();
  const texts = new Map(points.map((p) => [probePointText(p), p]));
  return [...texts.keys()].filter(matches).sort().map((text) => texts.get(text)!);
}

import type { Field } from "../core/data/mod.ts";
import { type CallTarget, callTargetText, type ProbePoint, probePointText } from "../core/query/mod.ts";
import type { ProbeText } from "./ast.ts";
import { readCall } from "./call_text.ts";
import type { CheckContext } from "./check_expr.ts";
import { didYouMean, nearest } from "../core/data/nearest.ts";
import { type ProbeProblem, readProbe } from "./probe_text.ts";
import type { Matches, RecipeRegistry } from "./registry.ts";

/** Most probes that one source attaches. */
export const MAX_POINTS = 1000;

/** Probes or functions as they were written, and what is known of each that they stand for. */
export interface Resolved<T> {
  /** As written. */
  readonly texts: readonly string[];
  /** Wildcards expanded. */
  readonly points: readonly T[];
  /** For each point; null where its arguments are not known. */
  readonly fields: readonly (readonly Field[] | null)[];
  /** Those as written of which some arguments are not known. */
  readonly unknown: readonly string[];
  /** Why some arguments may be missing, of all points. */
  readonly notes: readonly string[];
}

/** Finds the probes of a list. Null when one is wrong, or the list is empty. */
export function resolveProbes(
  texts: readonly ProbeText[],
  registry: RecipeRegistry,
  cx: CheckContext,
): Resolved<ProbePoint> | null {
  return resolve(texts, {
    noun: "probes",
    read: (text) => {
      const read = readProbe(text);
      return read.ok ? { ok: true, value: read.point, pattern: read.pattern } : read;
    },
    text: probePointText,
    fields: (point) => registry.probeFields(point),
    similar: (point) => registry.similarProbes?.(point) ?? [],
    match: (point) => registry.matchProbes(point, MAX_POINTS),
    note: (point) => registry.argumentsNote?.(point),
  }, cx);
}

/** Finds the functions of `calls`. Null when one is wrong, or the list is empty. */
export function resolveCalls(
  texts: readonly ProbeText[],
  registry: RecipeRegistry,
  cx: CheckContext,
): Resolved<CallTarget> | null {
  return resolve(texts, {
    noun: "functions",
    read: (text) => {
      const read = readCall(text);
      return read.ok ? { ok: true, value: read.target, pattern: read.pattern } : read;
    },
    text: callTargetText,
    fields: (target) => registry.callFields(target),
    similar: (target) => registry.similarCalls?.(target) ?? [],
    match: (target) => registry.matchCalls(target, MAX_POINTS),
  }, cx);
}

/** How points of a sort are read and asked about. */
interface Sort<T> {
  /** In the plural, for messages. */
  readonly noun: string;
  read(text: string): { readonly ok: true; readonly value: T; readonly pattern: boolean } | ProbeProblem;
  text(point: T): string;
  fields(point: T): readonly Field[] | null | string;
  similar(point: T): readonly string[];
  note?(point: T): string | undefined;
  match(pattern: T): Matches<T>;
}

function resolve<T>(texts: readonly ProbeText[], sort: Sort<T>, cx: CheckContext): Resolved<T> | null {
  const found = new Map<string, { point: T; fields: readonly Field[] | null }>();
  const unknown: string[] = [];
  let wrong = false;
  for (const written of texts) {
    const points = pointsOf(written, sort, cx);
    if (!points) {
      wrong = true;
      continue;
    }
    let known = true;
    for (const point of points.list) {
      const text = sort.text(point);
      if (found.has(text)) {
        // What two patterns share is one probe; what is listed twice is a mistake.
        if (points.pattern) continue;
        cx.out.error(written.span, "probe", `"${written.text}" is listed twice`);
        wrong = true;
        break;
      }
      const fields = sort.fields(point);
      if (typeof fields === "string") {
        cx.out.error(written.span, "unknown-probe", fields, didYouMean(text, sort.similar(point)));
        wrong = true;
        break;
      }
      known &&= fields !== null;
      found.set(text, { point, fields });
    }
    if (!known) unknown.push(written.text);
  }
  if (wrong || found.size === 0) return null;
  if (found.size > MAX_POINTS) {
    const span = { start: texts[0].span.start, end: texts[texts.length - 1].span.end };
    cx.out.error(span, "limit", tooMany(`The list has ${grouped(found.size)} ${sort.noun}`), "Narrow its patterns");
    return null;
  }
  const all = [...found.values()];
  return {
    texts: texts.map((t) => t.text),
    points: all.map((f) => f.point),
    fields: all.map((f) => f.fields),
    unknown,
    notes: [...new Set(all.flatMap((f) => sort.note?.(f.point) ?? []))],
  };
}

/** The point that is written, or those that a pattern stands for. Null when there is none (reported). */
function pointsOf<T>(
  written: ProbeText,
  sort: Sort<T>,
  cx: CheckContext,
): { list: readonly T[]; pattern: boolean } | null {
  const read = sort.read(written.text);
  if (!read.ok) {
    cx.out.error(written.span, read.code, read.message, read.hint);
    return null;
  }
  if (!read.pattern) return { list: [read.value], pattern: false };
  const { points, total } = sort.match(read.value);
  if (total > MAX_POINTS) {
    const hint = `Narrow it: ${narrower(written.text)}`;
    cx.out.error(
      written.span,
      "limit",
      tooMany(`"${written.text}" matches ${grouped(total)} ${sort.noun}`),
      hint,
    );
    return null;
  }
  if (points.length > 0) return { list: points, pattern: true };
  const hint = similarPattern(written.text, sort.similar(read.value));
  cx.out.error(written.span, "unknown-probe", `No ${sort.noun} here match "${written.text}"`, hint);
  return null;
}

function tooMany(what: string): string {
  return `${what}; at most ${grouped(MAX_POINTS)} are attached at once`;
}

/** An example of the same kind that matches less. */
function narrower(text: string): string {
  const kind = text.slice(0, text.indexOf(":"));
  const examples: Readonly<Record<string, string>> = {
    tracepoint: "tracepoint:sched:*",
    raw_tracepoint: "raw_tracepoint:sched_*",
    syscall: "syscall:*at",
    user: "user:PATH:read*",
  };
  if (examples[kind]) return examples[kind];
  return /^(uprobe|uretprobe|usdt)$/.test(kind) ? `${kind}:PATH:read*` : `${kind}:vfs_*`;
}

/** A pattern like the one that matches nothing, of which the text before the first wildcard begins a name. */
function similarPattern(text: string, names: readonly string[]): string {
  const at = text.search(/[*?]/);
  const rest = text.slice(at);
  const beginnings = new Set(names.map((n) => n.slice(0, at)));
  beginnings.delete(text.slice(0, at));
  const [best] = nearest(text, [...beginnings].map((b) => b + rest), 1);
  return best === undefined ? "" : `Did you mean ${best}?`;
}

function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

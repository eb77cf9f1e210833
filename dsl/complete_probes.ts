import { type CallTarget, callTargetText, type ProbePoint, probePointText } from "../core/query/mod.ts";
import { readCall } from "./call_text.ts";
import type { Completion } from "./complete.ts";
import { HARDWARE_EVENTS, SOFTWARE_EVENTS } from "./perf_events.ts";
import { PROBE_FORMS, readProbe } from "./probe_text.ts";
import type { Matches, RecipeRegistry } from "./registry.ts";

/** Most probes that are offered at once. */
const MOST = 200;

interface Found {
  readonly items: readonly Completion[];
  readonly incomplete: boolean;
}

/**
 * Probes that begin with a text: kinds (`tracepoint:`) until there is a colon, then the names of the kind.
 *
 * @param word `tracepoint:sched:sched_sw`
 */
export function completeProbes(word: string, registry: RecipeRegistry): Found {
  const colon = word.indexOf(":");
  if (colon < 0) {
    const items = Object.entries(PROBE_FORMS).map(([kind, form]) => probe(`${kind}:`, form));
    return { items, incomplete: false };
  }
  const kind = word.slice(0, colon);
  if (kind === "software" || kind === "hardware") {
    const { names } = kind === "software" ? SOFTWARE_EVENTS : HARDWARE_EVENTS;
    return { items: names.map((name) => probe(`${kind}:${name}`)), incomplete: false };
  }
  const names = NAMES[kind] ?? 0;
  const read = (text: string): ProbePoint | null => {
    const found = readProbe(text);
    return found.ok ? found.point : null;
  };
  if (names === 0) {
    // Kinds without wildcards: all of them are few.
    const any = read(`${kind}:x`);
    const all = any && registry.similarProbes ? registry.similarProbes(any) : [];
    return { items: all.filter((text) => text.startsWith(word)).map((text) => probe(text)), incomplete: false };
  }
  const missing = names - (word.split(":").length - 1);
  if (missing <= 0) return matching(read(`${word}*`), (p, limit) => registry.matchProbes(p, limit), probePointText);
  // A program's path comes first: its functions are not listed before it is known.
  const point = kind === "tracepoint" ? read(`${word}*:*`) : null;
  const points = point ? registry.matchProbes(point, Infinity).points : [];
  const categories = new Set(points.flatMap((p) => p.kind === "tracepoint" ? [p.category] : []));
  return { items: [...categories].map((c) => probe(`tracepoint:${c}:`)), incomplete: false };
}

/** How many names follow each kind whose names may hold wildcards. */
const NAMES: Readonly<Record<string, number>> = {
  ...{ tracepoint: 2, raw_tracepoint: 1, kprobe: 1, kretprobe: 1, fentry: 1, fexit: 1 },
  ...{ uprobe: 2, uretprobe: 2, usdt: 2 },
};

/** Functions for `collect calls` that begin with a text: `kernel:vfs_`. */
export function completeFunctions(word: string, registry: RecipeRegistry): Found {
  if (!word.includes(":")) {
    const items = ["kernel:FUNCTION", "user:PATH:FUNCTION", "syscall:NAME"].map((form) =>
      probe(form.slice(0, form.indexOf(":") + 1), form)
    );
    return { items, incomplete: false };
  }
  if (/^user:[^:]*$/.test(word)) return { items: [], incomplete: false };
  const read = readCall(`${word}*`);
  return matching<CallTarget>(
    read.ok ? read.target : null,
    (target, limit) => registry.matchCalls(target, limit),
    callTargetText,
  );
}

function matching<T>(
  pattern: T | null,
  match: (pattern: T, limit: number) => Matches<T>,
  text: (point: T) => string,
): Found {
  if (pattern === null) return { items: [], incomplete: false };
  const { points, total } = match(pattern, MOST);
  return { items: points.map((p) => probe(text(p))), incomplete: total > points.length };
}

function probe(label: string, detail = ""): Completion {
  return { label, kind: "probe", detail, doc: "" };
}

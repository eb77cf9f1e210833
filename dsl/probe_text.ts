import type { ProbePoint } from "../core/query/mod.ts";
import { isPattern, isSymbol, type ProbePart, probeParts } from "./_probe_parts.ts";
import { readNumber } from "./literal.ts";
import { didYouMean } from "../core/data/nearest.ts";
import { HARDWARE_EVENTS, isClock, SOFTWARE_EVENTS } from "./perf_events.ts";

/** A probe as written, read; or why it cannot be. */
export type ProbeRead =
  | {
    readonly ok: true;
    readonly point: ProbePoint;
    /** Its names hold `*` or `?` and stand for all that match. */
    readonly pattern: boolean;
  }
  | ProbeProblem;

/** Why a text is no probe. */
export interface ProbeProblem {
  readonly ok: false;
  readonly code: "probe";
  readonly message: string;
  readonly hint: string;
}

const FORMS = {
  tracepoint: "tracepoint:CATEGORY:NAME",
  raw_tracepoint: "raw_tracepoint:NAME",
  kprobe: "kprobe:FUNCTION",
  kretprobe: "kretprobe:FUNCTION",
  fentry: "fentry:FUNCTION",
  fexit: "fexit:FUNCTION",
  uprobe: "uprobe:PATH:FUNCTION, uprobe:PATH:FUNCTION+OFFSET or uprobe:PATH:0xADDRESS",
  uretprobe: "uretprobe:PATH:FUNCTION",
  usdt: "usdt:PATH:PROVIDER:NAME or usdt:PATH:NAME",
  profile: "profile:99hz",
  interval: "interval:1s",
  software: "software:EVENT or software:EVENT:PERIOD",
  hardware: "hardware:EVENT or hardware:EVENT:PERIOD",
  iter: "iter:TARGET",
  xdp: "xdp:INTERFACE",
} as const;
type Kind = keyof typeof FORMS;

/** How probes of each kind are written. */
export const PROBE_FORMS: Readonly<Record<string, string>> = FORMS;

/** Kinds of probes, as they are written before the first colon. */
export const PROBE_KINDS: readonly string[] = Object.keys(FORMS);

/** Kinds whose names may hold wildcards. */
const NAMED: readonly Kind[] = [
  ...["tracepoint", "raw_tracepoint", "kprobe", "kretprobe", "fentry", "fexit"] as const,
  ...["uprobe", "uretprobe", "usdt"] as const,
];

/** Reads `tracepoint:sched:sched_switch`, `uprobe:"/opt/my app":main`, `kprobe:vfs_*`, `profile:99hz`, … */
export function readProbe(text: string): ProbeRead {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  if (!isKind(kind)) {
    const hints = [didYouMean(kind, PROBE_KINDS), `Kinds: ${PROBE_KINDS.join(", ")}`].filter(Boolean);
    return problem(`"${kind}" is no kind of probe`, hints.join("\n"));
  }
  const parts = probeParts(text.slice(colon + 1));
  const pattern = parts.some(isPattern);
  if (pattern && !NAMED.includes(kind)) {
    return problem(`There are no wildcards in ${kind} probes`, `It is written ${FORMS[kind]}`);
  }
  const inProgram = kind === "uprobe" || kind === "uretprobe" || kind === "usdt";
  if (inProgram && parts.length > 1 && isPattern(parts[0])) {
    return problem("Wildcards stand in names, not in the path of a program", `Name the program: ${FORMS[kind]}`);
  }
  const read = parts.some((p) => p.text === "") ? null : pointOf(kind, parts);
  if (read === null) return problem(`"${text}" is no ${kind} probe`, `It is written ${FORMS[kind]}`);
  return "ok" in read ? read : { ok: true, point: read, pattern };
}

function problem(message: string, hint: string): ProbeProblem {
  return { ok: false, code: "probe", message, hint };
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(FORMS, text);
}

function pointOf(kind: Kind, parts: readonly ProbePart[]): ProbePoint | ProbeProblem | null {
  const [first, second, third] = parts.map((p) => p.text);
  const { length } = parts;
  switch (kind) {
    case "tracepoint":
      return length === 2 && isSymbol(first) && isSymbol(second) ? { kind, category: first, name: second } : null;
    case "raw_tracepoint":
      return length === 1 && isSymbol(first) ? { kind, name: first } : null;
    case "kprobe":
    case "kretprobe":
    case "fentry":
    case "fexit":
      return length === 1 && isSymbol(first) ? { kind, symbol: first } : null;
    case "uprobe":
    case "uretprobe":
      return length === 2 ? inProgram(kind, first, parts[1]) : null;
    case "usdt":
      if (length === 2) return { kind, path: first, symbol: second };
      return length === 3 ? { kind, path: first, symbol: `${second}:${third}` } : null;
    case "profile":
      return profile(parts.map((p) => p.text));
    case "interval":
      return interval(parts.map((p) => p.text));
    case "software":
    case "hardware":
      return length <= 2 ? counted(kind, first, second) : null;
    case "iter":
      return length === 1 && isSymbol(first) ? { kind, target: first } : null;
    case "xdp":
      // IFNAMSIZ is 16 with the final zero (include/uapi/linux/if.h).
      return length === 1 && /^[^\s/]{1,15}$/.test(first) ? { kind, interface: first } : null;
  }
}

function inProgram(kind: "uprobe" | "uretprobe", path: string, part: ProbePart): ProbePoint | ProbeProblem | null {
  const { text } = part;
  const offset = !part.quoted && /^(?:0[xX][0-9a-fA-F]+|(.+)\+(?:0[xX][0-9a-fA-F]+|\d+))$/.exec(text);
  if (offset && kind === "uretprobe") {
    return problem("A uretprobe fires when a function returns: it has no offset", `It is written ${FORMS.uretprobe}`);
  }
  return { kind, path, symbol: text };
}

/** Shortest period of a clock, in ns: as often as the fastest profile. Shorter ones leave a machine little else to do. */
const SHORTEST_NS = 100_000;

const UNITS_OF_TIME: readonly string[] = ["s", "ms", "us", "ns"];

/** `99hz`; other tracers' `hz:99` and a bare number are told how it is written. */
function profile(parts: readonly string[]): ProbePoint | ProbeProblem | null {
  const [first, second] = parts;
  const bare = /^\d+$/.test(second ?? first);
  if (bare && (parts.length === 1 || (parts.length === 2 && first.toLowerCase() === "hz"))) {
    return problem("The frequency of profile has a unit", `Write profile:${second ?? first}hz`);
  }
  const n = readNumber(first);
  if (parts.length !== 1 || !n.ok || n.t.type !== "rate" || n.t.unit !== "hz") return null;
  const hz = Number(n.value);
  if (hz >= 1 && hz <= 10_000) return { kind: "profile", hz };
  return problem(`profile takes 1hz to 10khz, here are ${first}`, `It is written ${FORMS.profile}`);
}

function interval(parts: readonly string[]): ProbePoint | ProbeProblem | null {
  const [first, second] = parts;
  const bare = /^\d+$/.test(second ?? first);
  if (bare && (parts.length === 1 || (parts.length === 2 && UNITS_OF_TIME.includes(first)))) {
    return problem("The period of interval has a unit", `Write interval:${second ?? first}${second ? first : "s"}`);
  }
  const n = readNumber(first);
  const periodNs = parts.length === 1 && n.ok && n.t.type === "duration" ? Number(n.value) : 0;
  if (periodNs > 0 && periodNs < SHORTEST_NS) {
    return problem(`interval takes 100us or more, here are ${first}`, `It is written ${FORMS.interval}`);
  }
  return periodNs > 0 ? { kind: "interval", periodNs } : null;
}

/** An event that the kernel or the CPU counts, and how many of them make it fire. */
function counted(kind: "software" | "hardware", name: string, period?: string): ProbePoint | ProbeProblem | null {
  const events = kind === "software" ? SOFTWARE_EVENTS : HARDWARE_EVENTS;
  const event = events.aliases[name] ?? name;
  if (!events.names.includes(event)) {
    const known = [...events.names, ...Object.keys(events.aliases)];
    const hints = [didYouMean(name, known), `Events: ${events.names.join(", ")}`].filter(Boolean);
    return problem(`There is no ${kind} event "${name}"`, hints.join("\n"));
  }
  if (period === undefined) return { kind, event, period: events.defaultPeriod(event) };
  const n = readNumber(period);
  const fits = n.ok && (n.t.type === "int" || (isClock(event) && n.t.type === "duration"));
  const count = fits ? Number(n.value) : 0;
  if (isClock(event) && count > 0 && count < SHORTEST_NS) {
    return problem(`${kind}:${event} takes 100us or more, here are ${period}`, `It is written ${FORMS[kind]}`);
  }
  return count > 0 && Number.isSafeInteger(count) ? { kind, event, period: count } : null;
}

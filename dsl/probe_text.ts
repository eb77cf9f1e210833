import type { ProbePoint } from "../core/query/mod.ts";
import { readNumber } from "./literal.ts";
import { didYouMean } from "./nearest.ts";

/** A probe as written, read; or why it cannot be. */
export type ProbeRead =
  | { readonly ok: true; readonly point: ProbePoint }
  | { readonly ok: false; readonly code: "probe" | "later"; readonly message: string; readonly hint: string };

const FORMS = {
  tracepoint: "tracepoint:CATEGORY:NAME",
  raw_tracepoint: "raw_tracepoint:NAME",
  kprobe: "kprobe:FUNCTION",
  kretprobe: "kretprobe:FUNCTION",
  fentry: "fentry:FUNCTION",
  fexit: "fexit:FUNCTION",
  uprobe: "uprobe:PATH:FUNCTION",
  uretprobe: "uretprobe:PATH:FUNCTION",
  usdt: "usdt:PATH:PROVIDER:NAME",
  profile: "profile:99hz",
  interval: "interval:1s",
  software: "software:EVENT:PERIOD",
  hardware: "hardware:EVENT:PERIOD",
  iter: "iter:TARGET",
} as const;
type Kind = keyof typeof FORMS;

/** Kinds of probes, as they are written before the first colon. */
export const PROBE_KINDS: readonly string[] = Object.keys(FORMS);

/** Reads `tracepoint:sched:sched_switch`, `uprobe:"/opt/my app":main`, `profile:99hz`, … */
export function readProbe(text: string): ProbeRead {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  if (!isKind(kind)) {
    const hints = [didYouMean(kind, PROBE_KINDS), `Kinds: ${PROBE_KINDS.join(", ")}`].filter(Boolean);
    return { ok: false, code: "probe", message: `"${kind}" is no kind of probe`, hint: hints.join("\n") };
  }
  const parts = split(text.slice(colon + 1));
  if (parts.some((p) => !p.quoted && /[*?]/.test(p.text))) {
    return {
      ok: false,
      code: "later",
      message: "Wildcards in probes are not available in this version",
      hint: "List the probes",
    };
  }
  const point = pointOf(kind, parts.map((p) => p.text));
  if (point) return { ok: true, point };
  return { ok: false, code: "probe", message: `"${text}" is no ${kind} probe`, hint: `It is written ${FORMS[kind]}` };
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(FORMS, text);
}

function pointOf(kind: Kind, parts: readonly string[]): ProbePoint | null {
  if (parts.some((p) => p === "")) return null;
  const [first, second, third] = parts;
  switch (kind) {
    case "tracepoint":
      return parts.length === 2 && isSymbol(first) && isSymbol(second) ? { kind, category: first, name: second } : null;
    case "raw_tracepoint":
      return parts.length === 1 && isSymbol(first) ? { kind, name: first } : null;
    case "kprobe":
    case "kretprobe":
    case "fentry":
    case "fexit":
      return parts.length === 1 && isSymbol(first) ? { kind, symbol: first } : null;
    case "uprobe":
    case "uretprobe":
      return parts.length === 2 ? { kind, path: first, symbol: second } : null;
    case "usdt":
      return parts.length === 3 ? { kind, path: first, symbol: `${second}:${third}` } : null;
    case "profile": {
      const n = readNumber(first);
      const hz = n.ok && n.t.type === "rate" && n.t.unit === "hz" ? Number(n.value) : 0;
      return parts.length === 1 && hz >= 1 && hz <= 10_000 ? { kind, hz } : null;
    }
    case "interval": {
      const n = readNumber(first);
      const periodNs = n.ok && n.t.type === "duration" ? Number(n.value) : 0;
      return parts.length === 1 && periodNs > 0 ? { kind, periodNs } : null;
    }
    case "software":
    case "hardware": {
      const period = /^\d{1,15}$/.test(second ?? "") ? Number(second) : 0;
      return parts.length === 2 && period > 0 ? { kind, event: first, period } : null;
    }
    case "iter":
      return parts.length === 1 && isSymbol(first) ? { kind, target: first } : null;
  }
}

function isSymbol(text: string): boolean {
  return /^[A-Za-z_][\w.$]*$/.test(text);
}

interface Part {
  readonly text: string;
  readonly quoted: boolean;
}

/** Splits at colons that are outside quotes, and takes the quotes and escapes away. */
function split(text: string): Part[] {
  const parts: Part[] = [];
  for (const raw of text.match(/(?:"(?:[^"\\]|\\.)*"|[^:"])+|(?<=^|:)(?=:|$)/g) ?? []) {
    const quoted = raw.startsWith('"');
    parts.push({ text: quoted ? raw.slice(1, -1).replace(/\\(.)/g, "$1") : raw.replaceAll("\\/", "/"), quoted });
  }
  return parts;
}

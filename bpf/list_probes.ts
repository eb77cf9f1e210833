import { type Field, field } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { CallTarget, ProbePoint } from "../core/query/mod.ts";
import { callTargetText, probePointText } from "../core/query/probe_spec.ts";
import { BUILTIN_FIELDS } from "./probes/builtins.ts";
import { type Catalog, openCatalog } from "./probes/catalog.ts";

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
 * @returns null when there is none of that name
 */
export function probeField(point: ProbePoint, name: string, host: Host): Field | null {
  return catalogOf(host).field(point, name)?.field ?? null;
}

/** Fields that every probe has. */
export function builtinFields(): readonly Field[] {
  return BUILTIN_FIELDS;
}

/**
 * Probe points of this machine, as the user writes them, sorted.
 *
 * @param pattern text with `*` for anything: `tracepoint:sched:*`; without a `*` it may stand anywhere
 */
export function listProbes(pattern: string, host: Host): string[] {
  const text = pattern.includes("*") ? pattern : `*${pattern}*`;
  const regex = new RegExp(`^${text.split("*").map(RegExp.escape).join(".*")}$`);
  return catalogOf(host).points().filter((p) => regex.test(p));
}

/**
 * The probes that a point with `*` and `?` in its names stands for, sorted by name.
 *
 * @param limit most points to answer; `total` counts all
 */
export function matchProbes(pattern: ProbePoint, host: Host, limit: number): { points: ProbePoint[]; total: number } {
  const regex = globOf(probePointText(pattern));
  const found = catalogOf(host).points().filter((p) => regex.test(p));
  return { points: found.slice(0, limit).flatMap((text) => pointOf(text) ?? []), total: found.length };
}

/** Like {@linkcode matchProbes}, for functions whose calls are measured. */
export function matchCalls(target: CallTarget, host: Host, limit: number): { targets: CallTarget[]; total: number } {
  const regex = globOf(callTargetText(target));
  const targets = catalogOf(host).points().flatMap((p): CallTarget[] => {
    const name = p.startsWith(SYSCALL_ENTRY) ? p.slice(SYSCALL_ENTRY.length) : null;
    return name !== null && regex.test(`syscall:${name}`) ? [{ kind: "syscall", name }] : [];
  });
  return { targets: targets.slice(0, limit), total: targets.length };
}

const SYSCALL_ENTRY = "tracepoint:syscalls:sys_enter_";

/**
 * The fields of a function's calls: builtins at its entry, `args.NAME`, `ret`, `errno`, `duration`.
 *
 * @returns null when there is no such function here, or nothing is known of it
 */
export function callFields(target: CallTarget, host: Host): Field[] | null {
  if (target.kind !== "syscall") return null;
  const entry = catalogOf(host).fields({ kind: "tracepoint", category: "syscalls", name: `sys_enter_${target.name}` });
  return entry && [
    ...entry,
    field("ret", "int", "What it returned"),
    field("errno", "int", "The error that it returned; null when it succeeded"),
    field("duration", "duration", "From its entry to its return"),
  ];
}

/** One field of a function's calls, by its full name; null when there is none of it. */
export function callField(target: CallTarget, name: string, host: Host): Field | null {
  return callFields(target, host)?.find((f) => f.name === name) ?? null;
}

/** `*` is any text, `?` any one character. */
function globOf(pattern: string): RegExp {
  const source = pattern.split(/([*?])/).map((p) => p === "*" ? ".*" : p === "?" ? "." : RegExp.escape(p)).join("");
  return new RegExp(`^${source}$`);
}

function pointOf(text: string): ProbePoint | null {
  const [kind, ...rest] = text.split(":");
  if (kind === "tracepoint" && rest.length === 2) return { kind, category: rest[0], name: rest[1] };
  return kind === "raw_tracepoint" && rest.length === 1 ? { kind, name: rest[0] } : null;
}

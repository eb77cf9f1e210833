import type { Field } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { ProbePoint } from "../core/query/mod.ts";
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

import type { Access, NameTable } from "../codegen/access.ts";
import type { Place } from "./point_kind.ts";
import type { Target } from "./target.ts";

/** A place and the probe it belongs to, as the user wrote it. */
export interface NamedPlace {
  readonly place: Place;
  readonly text: string;
}

/** What is done for a program at several places. */
export interface GroupOptions {
  /** How a field is read at a place. */
  access(place: Place, name: string): Access;
  /** Whether many kernel functions can be attached to at once. */
  readonly kprobeMulti: boolean;
}

const GROUP = 1n << 32n;

/**
 * Puts places together that one program can serve: system calls, which share a raw tracepoint, and functions for which
 * the kernel has a way to attach to many at once; where the fields in question are read alike at all of them.
 *
 * @param names of the fields that are read
 */
export function groupPlaces(places: readonly NamedPlace[], names: readonly string[], options: GroupOptions): Target[] {
  const groups = new Map<string, NamedPlace[]>();
  for (const named of places) {
    const key = groupKey(named, names, options, groups.size);
    const group = groups.get(key);
    if (group) group.push(named);
    else groups.set(key, [named]);
  }
  return targetsOf([...groups.values()], options);
}

/** One target for each group, whose places were found to go together. */
export function targetsOf(groups: readonly (readonly NamedPlace[])[], options: GroupOptions): Target[] {
  const texts = new Map<bigint, string>();
  const table: NameTable = { kind: "listed", names: texts };
  return groups.map((group, i) => groupTarget(group, groupBase(i), texts, table, options));
}

/** The number of the first probe of a group. */
export function groupBase(group: number): bigint {
  return BigInt(group) * GROUP;
}

/** Places with the same key are one program's; one that goes with no other has a key of its own. */
export function groupKey(
  { place, text }: NamedPlace,
  names: readonly string[],
  { access, kprobeMulti }: GroupOptions,
  own: number,
): string {
  const { attach } = place;
  const reads = (): string =>
    JSON.stringify(
      names.filter((n) => n !== "probe").map((n) => access(place, n)),
      (_, v) => typeof v === "bigint" ? `${v}n` : v,
    );
  switch (attach.kind) {
    case "raw_tracepoint":
      return place.guards.length > 0 ? `syscall ${attach.name} ${reads()}` : `${text} ${own}`;
    case "uprobe": {
      // A counter to be raised is a place's own, and so is a name: a USDT probe at several places is still one.
      const counted = attach.places.some((p) => p.semaphore !== 0);
      return attach.multi ? `uprobe ${attach.path} ${attach.returns} ${counted} ${reads()}` : `${text} ${own}`;
    }
    case "kprobe":
      return kprobeMulti ? `kprobe ${attach.returns} ${reads()}` : `${text} ${own}`;
    default:
      return `${text} ${own}`;
  }
}

function groupTarget(
  group: readonly NamedPlace[],
  base: bigint,
  texts: Map<bigint, string>,
  table: NameTable,
  options: GroupOptions,
): Target {
  const [{ place: first, text }] = group;
  const { attach, guards, number } = merged(group, base, texts);
  const probe: Access = { kind: "name", number, table };
  return {
    text: group.length === 1 ? text : `${text} and ${group.length - 1} more`,
    attach,
    guards,
    surroundings: first.surroundings,
    access: (name) => name === "probe" ? probe : options.access(first, name),
  };
}

interface Merged extends Pick<Place, "attach" | "guards"> {
  /** What tells the probes of the group apart. */
  readonly number: Access;
}

function merged(group: readonly NamedPlace[], base: bigint, texts: Map<bigint, string>): Merged {
  const [{ place: first, text }] = group;
  const cookie: Access = { kind: "sum", of: { kind: "builtin", name: "cookie" }, add: base };
  const alone = (): Merged => {
    texts.set(base, text);
    return { attach: first.attach, guards: first.guards, number: { kind: "constant", value: base } };
  };
  const { attach } = first;
  if (attach.kind === "uprobe" && attach.multi) {
    const places = group.flatMap(({ place, text }) => {
      const own = place.attach.kind === "uprobe" ? place.attach.places : [];
      return own.map((p) => ({ ...p, text }));
    });
    if (new Set(places.map((p) => p.text)).size === 1) {
      const plain = places.map(({ offset, semaphore }) => ({ offset, semaphore }));
      return { ...alone(), attach: { ...attach, places: plain } };
    }
    places.forEach((p, i) => texts.set(base + BigInt(i), p.text));
    return {
      attach: { ...attach, places: places.map(({ offset, semaphore }) => ({ offset, semaphore })) },
      guards: [],
      number: cookie,
    };
  }
  if (group.length === 1) return alone();
  if (attach.kind === "kprobe") {
    const symbols = group.map(({ place }) => place.attach.kind === "kprobe" ? place.attach.symbol : "");
    group.forEach(({ text }, i) => texts.set(base + BigInt(i), text));
    return { attach: { kind: "kprobe_multi", symbols, returns: attach.returns }, guards: [], number: cookie };
  }
  // System calls: the first guard tells which, the others are alike.
  const [which, ...others] = first.guards;
  for (const { place, text } of group) for (const n of place.guards[0].oneOf) texts.set(base + n, text);
  const oneOf = [...new Set(group.flatMap(({ place }) => place.guards[0].oneOf))].sort((a, b) => a < b ? -1 : 1);
  return {
    attach,
    guards: [{ access: which.access, oneOf }, ...others],
    number: { kind: "sum", of: which.access, add: base },
  };
}

import { UsageError } from "../../data/mod.ts";

/** One event of a list, as written. */
export interface EventText {
  /** Without its modifier: `cycles`, `sched:sched_switch`, `r1a8`, `uncore_imc/data_reads/`. */
  readonly name: string;
  /** As written, modifier included: what results call it. */
  readonly label: string;
  /** Privilege levels that count: `u` user, `k` kernel, `h` hypervisor; empty is all. */
  readonly modifier: string;
}

/** Most events of one list: each takes a descriptor for every CPU or thread. */
const MAX_EVENTS = 64;

/**
 * Reads a list of events as `perf stat -e` takes it: names parted by commas, `{a,b}` for events that count at the same
 * time (a group), `:u`, `:k`, `:uk` behind a name for the levels that count.
 *
 * @returns groups in the order written; events outside of braces are groups of one
 * @throws {UsageError} at what is no list
 */
export function parseEvents(text: string): EventText[][] {
  const groups: EventText[][] = [];
  let open: EventText[] | null = null;
  let count = 0;
  let at = 0;
  const fail = (message: string): never => {
    throw new UsageError(`"${text}": ${message}`, "Write cycles,instructions or {cycles,instructions},page-faults:u");
  };
  while (at < text.length) {
    const c = text[at];
    if (c === " " || c === ",") at++;
    else if (c === "{") {
      if (open) fail("a group within a group");
      open = [];
      at++;
    } else if (c === "}") {
      if (!open || open.length === 0) fail("a brace without a group");
      groups.push(open!);
      open = null;
      at++;
    } else {
      const end = endOfEvent(text, at);
      const event = eventText(text.slice(at, end).trim());
      if (event === null) fail(`"${text.slice(at, end)}" is no event`);
      if (++count > MAX_EVENTS) fail(`more than ${MAX_EVENTS} events`);
      if (open) open.push(event!);
      else groups.push([event!]);
      at = end;
    }
  }
  if (open) fail("the group has no end");
  if (count === 0) fail("no event");
  return groups;
}

/** Up to the next comma or brace that is not between the slashes of `pmu/event,umask=1/`. */
function endOfEvent(text: string, from: number): number {
  let slashes = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === "/") slashes++;
    else if (slashes !== 1 && (c === "," || c === "}" || c === "{")) return i;
  }
  return text.length;
}

function eventText(label: string): EventText | null {
  // A tracepoint has one colon of its own; a PMU's event ends with a slash before its modifier.
  const match = /^([\w-]+\/[\w=,.-]*\/|[\w-]+:[\w-]+|[\w-]+)(?::?([ukh]{1,3}))?$/.exec(label);
  if (!match) return null;
  let [, name, modifier = ""] = match;
  if (!name.includes("/") && modifier !== "" && !label.endsWith(`:${modifier}`)) {
    // Without a colon these letters are the end of a name, as in `task-clock`.
    name = label;
    modifier = "";
  }
  const own = /^([\w-]+):([ukh]{1,3})$/.exec(name);
  if (own && modifier === "") [, name, modifier] = own;
  return { name, label, modifier };
}

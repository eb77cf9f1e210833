import type { Host } from "../host.ts";
import { mountTracefs } from "../mount_tracefs.ts";
import { type Format, parseFormat } from "./parse_format.ts";

/** The tracepoints that tracefs describes. */
export interface TraceEvents {
  /** Null when there is no such tracepoint, or tracefs cannot be read. */
  format(category: string, name: string): Format | null;
  /** `category:name` of all. */
  names(): string[];
  /** What keeps tracefs from being read, as a sentence; null when nothing does. */
  readonly problem: string | null;
}

/** Opens tracefs, mounting it where it is not and we may. */
export function openTraceEvents(host: Host): TraceEvents {
  const known = new Map<string, Format | null>();
  const problem = readOrNull(`${host.path("tracefs")}/events/header_page`) === null
    ? mountTracefs(host) ?? unreadable(host)
    : null;
  const root = host.path("tracefs");
  return {
    problem,
    format(category, name) {
      // A name from a recipe becomes part of a path.
      if (!/^[\w-]+$/.test(category) || !/^[\w-]+$/.test(name)) return null;
      const key = `${category}/${name}`;
      let found = known.get(key);
      if (found === undefined) {
        const text = readOrNull(`${root}/events/${key}/format`);
        known.set(key, found = text === null ? null : parseFormat(text));
      }
      return found;
    },
    names: () => (readOrNull(`${root}/available_events`) ?? "").split("\n").filter((line) => line !== ""),
  };
}

function unreadable(host: Host): string | null {
  return readOrNull(`${host.path("tracefs")}/events/header_page`) === null
    ? "tracefs cannot be read: it takes root or CAP_DAC_READ_SEARCH"
    : null;
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return null;
    throw error;
  }
}

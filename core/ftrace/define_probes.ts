import { type Host, parseFormat } from "../host/mod.ts";
import { readControl, readControlOrNull, writeControl } from "./control_file.ts";
import { removeLeftovers } from "./leftovers.ts";
import { missedCalls } from "./missed_calls.ts";
import { ownerName } from "./owner_name.ts";
import { thisOwner } from "./this_owner.ts";
import { TraceDataError } from "./trace_data_error.ts";

/** A probe by breakpoint, as `kprobe_events` and `uprobe_events` take it (Documentation/trace/kprobetrace.rst). */
export interface ProbeDefinition {
  readonly kind: "kprobe" | "uprobe";
  /** At the return instead of the entry. */
  readonly returns: boolean;
  /** A function of the kernel; `PATH:0xOFFSET` of a program. */
  readonly place: string;
  /** What its records hold, 64 bits each, by the kernel's words: `$arg1`, `%di`, `$retval`. */
  readonly fetch: readonly string[];
}

/** Probes that are defined. Disposing removes them: what watches them has to be closed before. */
export interface DefinedProbes extends Disposable {
  /** Of each definition: the number of its event, for perf_event_open(2). */
  readonly ids: readonly number[];
  /**
   * Calls that kprobes missed since they were defined: too many returns were waited for, or a probe was being handled. Before
   * Linux 5.14 the kernel adds page faults of those that read a probe, such as of a stack: it is the most that was missed.
   */
  missed(): number;
}

/** The files, by kind. */
const FILES = { kprobe: "kprobe_events", uprobe: "uprobe_events" } as const;
/**
 * Calls of a kernel function whose returns are waited for at the same time; the kernel's own choice is 10 on a small machine,
 * less than there are readers of pipes. Some 100 bytes each.
 */
const MAX_ACTIVE = 512;
/** Where the values of a record begin: behind the common fields and one or two addresses. */
export const VALUES_AT = { entry: 16, return: 24 } as const;

let defined = 0;

/**
 * Defines events of our own. Their group has the name of this process, so that what a killed run leaves is found.
 *
 * @throws {SysError} ENOENT when tracefs lacks the file or the kernel the function; EINVAL, EACCES, EADDRNOTAVAIL when
 *   several functions have that name
 * @throws {TraceDataError} when a record of it is not laid out as all are
 */
export function defineProbes(host: Host, definitions: readonly ProbeDefinition[]): DefinedProbes {
  removeLeftovers(host);
  const root = host.path("tracefs");
  const group = ownerName(thisOwner(host), `p${++defined}`);
  const made: (readonly [file: string, event: string])[] = [];
  const remove = (): void => {
    const errors: unknown[] = [];
    for (const [file, event] of made.splice(0).reverse()) {
      try {
        writeControl(`${root}/${file}`, `-:${group}/${event}\n`);
      } catch (error) {
        errors.push(error);
        made.push([file, event]);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
  const missed = (): number =>
    missedCalls(readControlOrNull(`${root}/kprobe_profile`) ?? "", new Set(made.map(([, event]) => event)));
  try {
    const ids = definitions.map((d, i) => {
      const file = FILES[d.kind];
      // kprobe_profile tells names without groups: they must not be anybody else's.
      const event = `${group}_${i}`;
      const values = d.fetch.map((expression, v) => `v${v}=${expression}:u64`).join(" ");
      const letter = !d.returns ? "p" : d.kind === "kprobe" ? `r${MAX_ACTIVE}` : "r";
      writeControl(`${root}/${file}`, `${letter}:${group}/${event} ${d.place} ${values}\n`);
      made.push([file, event]);
      const format = parseFormat(readControl(`${root}/events/${group}/${event}/format`));
      const first = d.returns ? VALUES_AT.return : VALUES_AT.entry;
      const sound = d.fetch.every((_, v) =>
        format?.fields.some((f) => f.name === `v${v}` && f.offset === first + v * 8 && f.size === 8)
      );
      if (!format || !sound) throw new TraceDataError(`records of ${d.kind}s are laid out otherwise on this kernel`);
      return format.id;
    });
    return { ids, missed, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The registers of a function's arguments by the names that the kernel has for them here. */
export function argumentRegisters(): readonly string[] {
  return Deno.build.arch === "aarch64"
    ? ["%x0", "%x1", "%x2", "%x3", "%x4", "%x5"]
    : ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];
}

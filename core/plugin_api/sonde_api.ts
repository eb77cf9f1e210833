import type * as data from "../data/mod.ts";
import type * as query from "../query/mod.ts";
import type { CpuSampler } from "../profile/sampler.ts";
import type { Host } from "../host/host.ts";
import type { ProbeSession } from "./engine.ts";
import type { RunContext } from "./context.ts";

/**
 * All that a plugin gets. A plugin imports nothing of ours at run time (types are erased), so that one loaded from any
 * folder, or into the packed executable, works.
 */
export interface SondeApi {
  /** The version of sonde, `x.y.z`. */
  readonly version: string;
  /** Constructors and readers of results: tables, quality, rows. */
  readonly data: Pick<
    typeof data,
    | "field"
    | "tableFromRows"
    | "columnFrom"
    | "cellAt"
    | "rowsOf"
    | "recordsOf"
    | "quality"
    | "mergeQuality"
    | "UnsupportedError"
    | "UsageError"
    | "GoneError"
  >;
  /** Builders of expressions and probe specs. */
  readonly query: Pick<typeof query, "probePointText">;
  /** Readers of this machine. */
  readonly host: Host;
  /** Samplers of CPUs. */
  readonly samplers: { readonly cpu: CpuSampler };
  /** Folded lists, top functions of a profile, flame graphs. */
  readonly profiles: ProfileTools;
  /** Opens probes on the best engine this kernel allows. */
  readonly probes: {
    /** @throws {UnsupportedError} with reason and remedy when no engine can */
    open(spec: query.ProbeSpec): ProbeSession;
  };
  /** Waits, ends early when the signal is aborted. Milliseconds. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** CPU time this process has used, in nanoseconds. */
  ownCpuNs(): number;
  readonly log: (text: string) => void;
  /** A run context for code that has none of its own. */
  readonly idleContext: RunContext;
}

/** What can be made of a profile. */
export interface ProfileTools {
  /** Function, self and total by value, highest self first. Fields: function, module, kind, self, total, self_ratio, total_ratio. */
  topFunctions(profile: data.Profile, limit: number): data.Table;
  /** Folded lines (`a;b;c 12`), most frequent first, at most `limit`. */
  folded(profile: data.Profile, limit: number): string;
  /** An interactive SVG. */
  flameSvg(profile: data.Profile, title: string): string;
}

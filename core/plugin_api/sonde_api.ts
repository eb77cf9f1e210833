import type * as data from "../data/mod.ts";
import type * as query from "../query/mod.ts";
import type { CountRequest, Counts } from "../perf/counters/count_events.ts";
import type { FunctionRequest, GraphRequest } from "../ftrace/function_request.ts";
import type { OffCpuMeasurement, OffCpuSampler } from "../profile/off_cpu/off_cpu_sampler.ts";
import type { CpuSampler } from "../profile/sampler.ts";
import type { Host } from "../host/host.ts";
import type { RunContext } from "./context.ts";
import type { Analysis, AnalyzerName, AnalyzerRequest } from "./analyzer.ts";
import type { CallsRequest } from "./calls.ts";
import type { ProbeSession } from "./engine.ts";

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
    | "profileOfStacks"
    | "quality"
    | "mergeQuality"
    | "UnsupportedError"
    | "UsageError"
    | "GoneError"
  >;
  /** Builders of expressions, for probe specs. */
  readonly query: Pick<
    typeof query,
    "calculate" | "callOf" | "fieldRef" | "literal" | "test" | "valueType" | "probePointText"
  >;
  /** Readers of this machine. */
  readonly host: Host;
  readonly samplers: { readonly cpu: CpuSampler; readonly offCpu: OffCpuSampler };
  /** Counts events of the processor and the kernel (perf_event_open(2)). */
  readonly counters: { count(request: CountRequest): Promise<Counts> };
  readonly profiles: ProfileTools;
  readonly probes: {
    /**
     * Opens a probe on the best engine this kernel allows.
     *
     * @throws {UnsupportedError} with reason and remedy when no engine can
     */
    open(spec: query.ProbeSpec): Promise<ProbeSession>;
  };
  readonly analyzers: {
    /**
     * Runs a program that ships (`bpf/programs`), loaded through libbpf.
     *
     * @throws {UnsupportedError} without libbpf, type information or permission
     * @throws {GoneError} when there is no such process
     */
    run(name: AnalyzerName, request: AnalyzerRequest): Promise<Analysis>;
  };
  readonly calls: {
    /**
     * Measures the calls of functions: `functions`, `latency`, `errors`, `processes`, `slowest`, with stacks `profile`.
     *
     * @throws {UsageError} when there is no such function, or a wildcard means too many
     * @throws {UnsupportedError} when the kernel does not let it be traced
     */
    measure(request: CallsRequest): Promise<data.Results>;
  };
  /** The kernel's function tracers (ftrace), in a trace instance of our own. */
  readonly kernelFunctions: {
    /**
     * Counts calls: table `calls` with function, module, caller, caller_module, calls; most calls first.
     *
     * @throws {UnsupportedError} when this kernel traces no functions
     * @throws {UsageError} when no function matches
     * @throws {GoneError} when there is no such process
     */
    count(request: FunctionRequest): Promise<data.Results>;
    /** Times calls: table `times` with function, module, calls, total, self, avg, min, max, durations. Throws the same. */
    time(request: GraphRequest): Promise<data.Results>;
  };
  readonly recipes: {
    /**
     * Runs a recipe that ships, and answers its results by name; those that this machine does not allow are absent.
     *
     * @param name of its file in `recipes/`, without the ending
     * @param params as a user writes them: `{ window: "5s" }`
     * @throws {UnsupportedError} when it allows none
     */
    run(
      name: string,
      params: Readonly<Record<string, string>>,
      context: Pick<RunContext, "signal"> & { readonly onReady?: () => void },
    ): Promise<data.Results>;
  };
  /** Waits; ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Monotonic time in nanoseconds. */
  nowNs(): number;
  /** CPU time this process has used, in nanoseconds. */
  ownCpuNs(): number;
  /** Name of an error number, `ENOENT`; `errno 999` for one without a name. */
  errnoName(errno: number): string;
}

/** What can be made of a profile. */
export interface ProfileTools {
  /** Fields: function, module, kind, self, total, self_ratio, total_ratio; highest self first. */
  topFunctions(profile: data.Profile, limit: number): Promise<data.Table>;
  /** Fields: pid, comm, samples, share, kernel_share, top_function; most samples first. */
  byProcess(profile: data.Profile): Promise<data.Table>;
  /** Folded lines (`a;b;c 12`), most frequent first, at most `limit`. */
  folded(profile: data.Profile, limit: number): Promise<string>;
  /**
   * What is told of times off the CPU: `summary`, `reasons`, `stacks`, `wakers`, `threads`, `durations`, `profile`.
   *
   * @param options.limit most rows of stacks, wakers and threads
   * @param options.wakers the profile goes on to who ended the waits
   */
  offCpu(
    measured: OffCpuMeasurement,
    options: { readonly limit: number; readonly wakers?: boolean },
  ): Promise<data.Results>;
  /** An interactive SVG. */
  flameSvg(profile: data.Profile, title: string): Promise<string>;
}

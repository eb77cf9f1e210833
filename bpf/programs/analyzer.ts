import type { Analysis } from "../../core/plugin_api/mod.ts";
import type { Constants } from "../libbpf_constants.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProgramOptions } from "./_load.ts";

/** What an analyzer's wrapper takes. */
export interface AnalyzerOptions extends ProgramOptions {
  /** Only this process, in sonde's own pid namespace; 0: all but sonde's own. */
  readonly pid: number;
  /** Most entries of each map whose keys come from the machine; 1 or more. The wrapper's own default. */
  readonly maxEntries?: number;
  /** Forces one of its variants: for tests. */
  readonly variant?: string;
}

/** An analyzer that measures. Disposing it detaches everything. */
export interface RunningAnalyzer extends Disposable {
  /** Which of its variants this kernel took. */
  readonly variant: string;
  /**
   * Takes what has come through rings; to be called ten times a second, less often while nothing comes.
   *
   * @returns how many records came
   */
  drain?(): number;
  /** Ends the window; what was counted can still be read. */
  stop(): void;
  /** What was counted since the start. */
  read(): Analysis | Promise<Analysis>;
}

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_NAMESPACE = 0xeffffffc;

/** Values of the constants of `analyzer.bpf.h`. */
export function analyzerConstants(host: Host, pid: number): Constants {
  const { dev, ino } = Deno.statSync(host.path("pid_ns_pid"));
  const initial = ino === INITIAL_NAMESPACE;
  return { only_pid: pid, own_pid: Deno.pid, ns_dev: initial ? 0 : kernelDevice(dev), ns_ino: initial ? 0 : ino ?? 0 };
}

/**
 * A device number as the kernel has it, which the helper compares with: 20 bits of minor number below the major one
 * (include/linux/kdev_t.h, MKDEV), of one as stat(2) tells it (new_encode_dev).
 */
function kernelDevice(dev: number): number {
  return ((dev >>> 8) & 0xfff) * 2 ** 20 + ((dev & 0xff) | ((dev >>> 12) & 0xfff00));
}

import { UnsupportedError, UsageError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { SysError } from "../sys/mod.ts";
import { readControl, writeControl } from "./control_file.ts";
import { type TraceableFunction, traceableFunctions } from "./kernel_function_names.ts";
import { checkPatterns, unmatched } from "./match_functions.ts";
import type { TraceInstance } from "./trace_instance.ts";
import { valuesOf } from "./top_settings.ts";

/**
 * Sets the functions that an instance traces. The kernel matches the patterns: to read the list of all functions
 * and match them here takes several times as long.
 *
 * @returns names of the functions that are traced now; several functions may have one name
 * @throws {UsageError} when a pattern matches none; its hint has names that are near
 * @throws {UnsupportedError} when this kernel traces no functions
 */
export function setFilter(host: Host, instance: TraceInstance, patterns: readonly string[]): string[] {
  checkPatterns(patterns);
  const file = `${instance.path}/set_ftrace_filter`;
  patterns.forEach((pattern, i) => {
    try {
      writeControl(file, `${pattern}\n`, i === 0 ? "clear" : "keep");
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      throw whyNot(host, pattern, error);
    }
  });
  try {
    return valuesOf("set_ftrace_filter", readControl(file));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw new UnsupportedError(
      `The kernel does not let functions be traced here: set_ftrace_filter is refused (${error.code})`,
      REMEDIES[error.code] ?? REMEDY,
      { cause: error },
    );
  }
}

const REMEDY = "Use a kernel with CONFIG_DYNAMIC_FTRACE that is not locked down, or tracepoints: `sonde list probes`.";

/** What to do about a refusal of the filter's file, by its error (ftrace_regex_open() in kernel/trace/ftrace.c). */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "Run as root.",
  EPERM:
    "The kernel is locked down, or a security module forbids it (dmesg tells). Tracepoints may work: `sonde list probes`.",
  ENODEV:
    "The function tracer has turned itself off, after a fault or for want of its table of functions (dmesg tells): " +
    "reboot, or use tracepoints: `sonde list probes`.",
};

function whyNot(host: Host, pattern: string, error: SysError): UnsupportedError | UsageError {
  if (error.code === "ENOENT") {
    return new UnsupportedError("This kernel has no function tracer: tracefs has no set_ftrace_filter", REMEDY);
  }
  let all: TraceableFunction[] = [];
  let problem: SysError = error;
  if (error.code === "EINVAL") {
    try {
      all = traceableFunctions(host);
      const objection = all.length > 0 ? unmatched([pattern], all) : null;
      if (objection) return objection;
    } catch (failure) {
      if (!(failure instanceof SysError)) throw failure;
      problem = failure;
    }
  }
  return new UnsupportedError(
    `The kernel does not let functions be traced here: set_ftrace_filter is refused (${problem.code})`,
    REMEDIES[problem.code] ?? REMEDY,
    { cause: problem },
  );
}

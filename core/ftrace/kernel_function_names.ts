import type { Host } from "../host/mod.ts";
import { readControl } from "./control_file.ts";

/** A function that ftrace can trace. */
export interface TraceableFunction {
  readonly name: string;
  /** Module that it is of; null for the kernel itself. */
  readonly module: string | null;
}

/**
 * The functions that ftrace can trace here, in the order of their addresses: `available_filter_functions`. A name may
 * come several times.
 *
 * @throws {SysError} ENOENT when this kernel has no function tracer; EACCES, EPERM
 */
export function traceableFunctions(host: Host): TraceableFunction[] {
  return parseTraceableFunctions(readControl(`${host.path("tracefs")}/available_filter_functions`));
}

/** Parses lines `name` or `name [module]`. */
export function parseTraceableFunctions(text: string): TraceableFunction[] {
  const found: TraceableFunction[] = [];
  for (const line of text.split("\n")) {
    const m = /^([^\s\[]+)(?:\s+\[(\S+)\])?/.exec(line);
    // Places of functions that were freed after the start have no name.
    if (m && !m[1].startsWith("__ftrace_invalid_address__")) found.push({ name: m[1], module: m[2] ?? null });
  }
  return found;
}

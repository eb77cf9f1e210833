import { readControlOrNull, writeControl } from "./control_file.ts";

/** How the buffer of the tracer that all share is set. */
export interface TopState {
  /** 0 or 1. */
  readonly tracing_on: number;
  /** Of each CPU, in KiB; 0 when it is not known. */
  readonly buffer_size_kb: number;
  /** Place of the clock in the list of all, from 0: names of clocks have letters that names of probes must not have. */
  readonly trace_clock: number;
}

/** The files, in the order in which they are set back: it goes on only when all else is as it was. */
export const STATE_FILES = ["buffer_size_kb", "trace_clock", "tracing_on"] as const;

/**
 * Reads it.
 *
 * @param root of tracefs
 * @returns null when the CPUs' buffers differ in size
 */
export function readTopState(root: string): TopState | null {
  const size = text(root, "buffer_size_kb");
  if (size.startsWith("X")) return null;
  return {
    tracing_on: Number(text(root, "tracing_on") !== "0"),
    // `7 (expanded: 1408)`: what whoever uses it next would have got.
    buffer_size_kb: Number(/expanded: (\d+)/.exec(size)?.[1] ?? /^\d+/.exec(size)?.[0] ?? 0),
    trace_clock: Math.max(0, clocks(root).findIndex((clock) => clock.startsWith("["))),
  };
}

/** Sets it back. @returns the files that said something else */
export function writeTopState(root: string, before: TopState): string[] {
  const now = readTopState(root);
  const changed = STATE_FILES.filter((file) => now?.[file] !== before[file]);
  const done: string[] = [];
  for (const file of changed) {
    if (file === "buffer_size_kb" && before[file] === 0) continue;
    const value = file === "trace_clock" ? clocks(root)[before[file]]?.replace(/[[\]]/g, "") : String(before[file]);
    if (!value) continue;
    writeControl(`${root}/${file}`, value);
    done.push(file);
  }
  return done;
}

/** `[local] global counter` */
function clocks(root: string): string[] {
  return text(root, "trace_clock").split(/\s+/);
}

function text(root: string, file: typeof STATE_FILES[number]): string {
  return readControlOrNull(`${root}/${file}`)?.trim() ?? "";
}

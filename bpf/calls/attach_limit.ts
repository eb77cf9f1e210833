import { UnsupportedError } from "../../core/data/errors.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProbeEngine } from "../../core/plugin_api/engine.ts";
import type { CallTarget } from "../../core/query/mod.ts";
import { works } from "../mechanisms.ts";
import { type CallsShape, callsSpec } from "./calls_spec.ts";

/** Most functions of one measurement, even where they are attached to at once: each costs its callers. */
export const MAX_TARGETS = 10_000;
/** Longest that attaching and detaching may take, ms. */
const PATIENCE_MS = 20_000;
/** So few are not worth measuring first. */
const FEW = 16;
/** Functions that are attached to one time more than the first, to learn what one costs. */
const TRIED = 4;

/**
 * Refuses what would take too long: where the kernel attaches to functions one at a time (no kprobe_multi, no
 * uprobe_multi), each takes from some milliseconds to a tenth of a second, and nobody can end it meanwhile. How long, some
 * of them tell.
 *
 * @throws {UnsupportedError} with the number of functions and the time
 */
export function checkAttachTime(shape: CallsShape, engine: ProbeEngine, host: Host): void {
  const alone = shape.targets.filter((t) => isAlone(t, host));
  if (alone.length <= FEW) return;
  const each = timeOfOne(alone, shape, engine);
  const ms = alone.length * each;
  if (ms <= PATIENCE_MS) return;
  const lacks = alone[0].kind === "kernel" ? "kprobe_multi (Linux 5.18, CONFIG_FPROBE)" : "uprobe_multi (Linux 6.6)";
  throw new UnsupportedError(
    `It is ${alone.length} functions, and this kernel attaches to them one at a time: ${each.toFixed(0)} ms each to ` +
      `attach and detach, ${Math.round(ms / 1000)} s in all`,
    `Narrow the wildcard to ${
      Math.floor(PATIENCE_MS / each)
    } functions or fewer. Kernels with ${lacks} have no such limit.`,
  );
}

/** Whether a function is attached to by itself. */
function isAlone({ kind }: CallTarget, host: Host): boolean {
  switch (kind) {
    case "kernel":
      return !works("kprobe_multi", host);
    case "user":
      return !works("uprobe_multi", host);
    case "syscall":
      return false;
  }
}

/** What one more costs, ms: maps are made once. */
function timeOfOne(targets: readonly CallTarget[], shape: CallsShape, engine: ProbeEngine): number {
  const time = (count: number): number => {
    const started = performance.now();
    engine.open(callsSpec({ ...shape, targets: targets.slice(0, count) }))[Symbol.dispose]();
    return performance.now() - started;
  };
  const one = time(1);
  return Math.max(0.1, (time(1 + TRIED) - one) / TRIED);
}

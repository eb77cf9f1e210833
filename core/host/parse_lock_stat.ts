/** Waits for one class of locks, as the kernel has counted them since its counters were cleared. */
export interface LockStat {
  /** Name of the class; `-R` and `-W` at its end are those of reading and writing. */
  readonly name: string;
  readonly contentions: number;
  readonly waitNs: number;
  readonly maxWaitNs: number;
}

/** A line of a class: its name, con-bounces, contentions, and the waits' min, max and total in µs. */
const CLASS = /^ *(\S.*?): +\d+ +(\d+) +[\d.]+ +([\d.]+) +([\d.]+)(?: |$)/;
/** Classes that are kept. The kernel has room for 8,192 (MAX_LOCKDEP_KEYS). */
const MOST = 16_384;

/**
 * Parses `/proc/lock_stat` (Documentation/locking/lockstat.rst), which kernels with CONFIG_LOCK_STAT have. Lines of another
 * form, those of call sites among them, are left out.
 */
export function parseLockStat(text: string): LockStat[] {
  const classes: LockStat[] = [];
  for (const line of text.split("\n")) {
    const found = CLASS.exec(line.slice(0, 512));
    if (!found) continue;
    const [name, contentions, max, total] = found.slice(1);
    classes.push({
      name,
      contentions: Number(contentions),
      waitNs: Math.round(Number(total) * 1000),
      maxWaitNs: Math.round(Number(max) * 1000),
    });
    if (classes.length === MOST) break;
  }
  return classes;
}

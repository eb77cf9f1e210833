/** Who made an object of tracefs that outlives its maker: its name tells. */
export interface TraceOwner {
  readonly pid: number;
  /** When the process started, in clock ticks since the machine did: another process of the same number has another. */
  readonly startTicks: number;
  /** Number of the pid namespace in which `pid` counts; null for the initial one. */
  readonly namespace: number | null;
}

const NAME = /^sonde_(\d{1,10})_(\d{1,20})(?:_ns(\d{1,10}))?(?:_([a-z]\w*))?$/;

/**
 * The name of an object of tracefs: `sonde_PID_STARTTIME`, with `_nsINODE` outside of the initial pid namespace.
 *
 * @param suffix what it is, of letters, digits and underscores, beginning with a small letter other than `n`
 */
export function ownerName({ pid, startTicks, namespace }: TraceOwner, suffix = ""): string {
  return `sonde_${pid}_${startTicks}${namespace === null ? "" : `_ns${namespace}`}${suffix && `_${suffix}`}`;
}

/** Reads such a name; null when it is none of ours. */
export function parseOwnerName(name: string): TraceOwner & { readonly suffix: string } | null {
  const m = NAME.exec(name);
  if (!m) return null;
  return {
    pid: Number(m[1]),
    startTicks: Number(m[2]),
    namespace: m[3] === undefined ? null : Number(m[3]),
    suffix: m[4] ?? "",
  };
}

/** Bytes that memory controllers moved for the CPUs, cumulative. */
export interface MemoryTraffic {
  /** To and from the memory of the CPUs' own node. */
  readonly localBytes: number;
  /** All. */
  readonly totalBytes: number;
}

/**
 * Adds up the counters of the domains of a resctrl monitoring group: `mbm_local_bytes` and `mbm_total_bytes` of each
 * (Documentation/arch/x86/resctrl.rst). They say `Unavailable` while a counter is being moved, and `Unassigned` where
 * none is.
 *
 * @param domains the texts of the two files, one pair a domain
 * @returns null when no domain tells both
 */
export function parseResctrl(
  domains: readonly { readonly local: string; readonly total: string }[],
): MemoryTraffic | null {
  let localBytes = 0;
  let totalBytes = 0;
  let known = 0;
  for (const { local, total } of domains) {
    if (!/^\d+$/.test(local.trim()) || !/^\d+$/.test(total.trim())) continue;
    localBytes += Number(local);
    totalBytes += Number(total);
    known++;
  }
  // The counters of the others would be missing from the sum.
  return known > 0 && known === domains.length ? { localBytes, totalBytes } : null;
}

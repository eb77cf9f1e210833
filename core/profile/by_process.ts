import { field, type Profile, type Table, tableFromRows } from "../data/mod.ts";

/** Fields of {@linkcode profileByProcess}. */
export const PROCESS_FIELDS = [
  field("pid", "pid", "Process"),
  field("comm", "string", "Its name"),
  field("samples", "int", "Samples in it", "count"),
  field("share", "ratio", "Share of all samples"),
  field("kernel_share", "ratio", "Share of its samples that were in the kernel"),
  field("top_function", "string", "The function most of its samples were in, not counting what that called"),
];

/**
 * The processes of a profile by the first sample type, highest first. A process that changed its name (exec) has a row
 * for each. Stacks without the label `pid` are left out.
 */
export function profileByProcess(profile: Profile): Table {
  interface Row {
    readonly pid: number;
    readonly comm: string;
    samples: number;
    kernel: number;
    readonly leaves: Map<string, number>;
  }
  const rows = new Map<string, Row>();
  let all = 0;
  for (const { frames, values, labels } of profile.stacks) {
    const value = values[0] ?? 0;
    all += value;
    if (labels.pid === undefined) continue;
    const key = `${labels.pid}\0${labels.comm ?? ""}`;
    let row = rows.get(key);
    if (!row) {
      row = { pid: Number(labels.pid), comm: labels.comm ?? "", samples: 0, kernel: 0, leaves: new Map() };
      rows.set(key, row);
    }
    row.samples += value;
    const leaf = profile.frames[frames[frames.length - 1]];
    if (!leaf) continue;
    if (leaf.kind === "kernel") row.kernel += value;
    row.leaves.set(leaf.function, (row.leaves.get(leaf.function) ?? 0) + value);
  }
  const cells = [...rows.values()].sort((a, b) => b.samples - a.samples || a.pid - b.pid).map((row) => [
    row.pid,
    row.comm,
    row.samples,
    all > 0 ? row.samples / all : 0,
    row.samples > 0 ? row.kernel / row.samples : 0,
    highest(row.leaves),
  ]);
  return tableFromRows(PROCESS_FIELDS, cells, profile.quality);
}

function highest(counts: ReadonlyMap<string, number>): string | null {
  let best: string | null = null;
  for (const [name, n] of counts) if (best === null || n > counts.get(best)!) best = name;
  return best;
}

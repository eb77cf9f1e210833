import { field, recordsOf, type Table, tableFromRows } from "../core/data/mod.ts";

/** The table of branches as people read it: each place in one column, figures first. */
export function branchRows(branches: Table): Table {
  const place = (address: unknown, name: unknown, module: unknown): string => {
    const file = String(module);
    const known = name === "[unknown]" ? "" : ` ${name}`;
    return `${address}${known}${file === "" ? "" : ` (${file.slice(file.lastIndexOf("/") + 1)})`}`;
  };
  const rows = recordsOf(branches).map((r) => [
    r.count,
    r.share,
    r.mispredicted,
    r.cycles,
    r.type,
    place(r.from, r.from_function, r.from_module),
    place(r.to, r.to_function, r.to_module),
  ]);
  return tableFromRows(FIELDS, rows, branches.quality);
}

const FIELDS = [
  field("count", "int", "How often it was recorded", "count"),
  field("share", "ratio", "Share of all branches"),
  field("mispredicted", "ratio", "Of those whose prediction is known"),
  field("cycles", "float", "Mean cycles since the branch before; 0 when not told"),
  field("type", "string", "cond, call, ret, …; empty where the processor does not tell"),
  field("from", "string", "The branch"),
  field("to", "string", "Where it went"),
];

import {
  type Field,
  field,
  type FrameKind,
  mergeQuality,
  type Profile,
  type Table,
  tableFromRows,
} from "../../data/mod.ts";
import { type FunctionTotal, functionTotals } from "../profile_stats.ts";
import { type Change, changeOf } from "./change.ts";
import { type Comparison, isRatio } from "./comparison.ts";

/** How one function changed. */
export interface FunctionChange {
  readonly function: string;
  readonly module: string;
  readonly kind: FrameKind;
  readonly self: Change;
  readonly total: Change;
}

/** The functions of two profiles, those whose self changed most first. */
export function functionChanges(before: Profile, after: Profile, comparison: Comparison): FunctionChange[] {
  const sides = [before, after].map((p, s) =>
    new Map(functionTotals(p, comparison.index[s]).map((f) => [`${f.kind}\0${f.module}\0${f.function}`, f]))
  );
  const changes: FunctionChange[] = [];
  for (const key of new Set([...sides[0].keys(), ...sides[1].keys()])) {
    const [b, a] = sides.map((side): FunctionTotal | undefined => side.get(key));
    if (!(b?.total || a?.total)) continue;
    const { function: name, module, kind } = (a ?? b)!;
    changes.push({
      function: name,
      module,
      kind,
      self: changeOf(b?.self ?? 0, a?.self ?? 0, comparison),
      total: changeOf(b?.total ?? 0, a?.total ?? 0, comparison),
    });
  }
  const size = (c: FunctionChange): number => Math.abs(c.self.delta);
  return changes.sort((x, y) =>
    size(y) - size(x) || Math.abs(y.total.delta) - Math.abs(x.total.delta) || (x.function < y.function ? -1 : 1)
  );
}

/** The same as a table, for JSON and CSV. */
export function changesTable(
  changes: readonly FunctionChange[],
  comparison: Comparison,
  profiles: readonly [Profile, Profile],
): Table {
  const unit = comparison.by === "count" ? comparison.type.unit : null;
  const type = isRatio(comparison) ? "ratio" : "float";
  const value = (name: string, doc: string): Field =>
    type === "ratio" ? field(name, "ratio", doc) : field(name, "float", doc, unit);
  const columns = (["self", "total"] as const).flatMap((c) => [
    value(`${c}_before`, `${c} before`),
    value(`${c}_after`, `${c} after`),
    value(`${c}_delta`, `Change of ${c}`),
    value(`${c}_delta_low`, "Lower end of what holds the true change with 95 % confidence"),
    value(`${c}_delta_high`, "Its upper end"),
    field(`${c}_share_delta`, "ratio", `Change of the share of ${c} in all`),
    field(`${c}_noise`, "bool", "Whether the change could be chance"),
  ]);
  const cells = (c: Change): unknown[] => [
    c.before,
    c.after,
    c.delta,
    c.interval?.low ?? null,
    c.interval?.high ?? null,
    c.shareDelta,
    c.noise,
  ];
  return tableFromRows(
    [
      field("function", "string", "Name of the function"),
      field("module", "string", "File that holds its code"),
      field("kind", "string", "Where it ran: user, kernel, …"),
      ...columns,
    ],
    changes.map((c) => [c.function, c.module, c.kind, ...cells(c.self), ...cells(c.total)]),
    mergeQuality(profiles.map((p) => p.quality)),
  );
}

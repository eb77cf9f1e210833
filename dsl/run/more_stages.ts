import { type Batch, type Cell, type Field, type Result, UsageError } from "../../core/data/mod.ts";
import type { Stage as PluginStage } from "../../core/plugin_api/mod.ts";
import { isFloatType } from "../../core/query/mod.ts";
import { joinBatch } from "../../core/query/join_batch.ts";
import { profileOf } from "../../core/query/profile_of.ts";
import { openReservoir, openRowSample } from "../../core/query/sample_batch.ts";
import { seriesOf } from "../../core/query/series_of.ts";
import type { StagePlan } from "../plan.ts";
import { constantValue } from "./bind.ts";
import { detectRows } from "./detect_rows.ts";
import { addLost, type MoreStages, type RowsSample, type StageEffects } from "./stage_context.ts";

/** Most rows that a join makes, and that a sample keeps. */
const MAX_ROWS = 1_000_000;

type Of<K extends StagePlan["kind"]> = Extract<StagePlan, { readonly kind: K }>;

/**
 * The stages and endings that few recipes use.
 *
 * @param results what `join` puts beside rows, by name
 * @param plugins stages of plugins, by name
 */
export function openMoreStages(
  results: ReadonlyMap<string, Result>,
  plugins: ReadonlyMap<string, PluginStage>,
): MoreStages {
  return {
    apply(batch, stage, effects): Batch {
      switch (stage.kind) {
        case "sample":
          return sampled(batch, stage, effects);
        case "join":
          return joined(batch, stage, results, effects);
        case "detect": {
          const threshold = Number(constantValue(stage.threshold, {}));
          const { value, method, keys } = stage;
          return detectRows(batch, { value, method, threshold, keys });
        }
        case "plugin":
          return pluginRows(batch, stage, plugins.get(stage.stage));
        default:
          throw new TypeError(`"${stage.kind}" is done elsewhere`);
      }
    },
    rowSample(stage) {
      const sample = openRowSample(ratioOf(stage));
      return (batch) => sample.apply(batch);
    },
    rowsSample,
    ending(plan, rows, q): Result {
      const { ending } = plan;
      if (ending.kind === "flame") {
        const { stack, value, keys, sample } = ending;
        return profileOf(rows, { stack, value, keys, sampleType: sample }, q);
      }
      const { time, value, keys, unit } = ending;
      return seriesOf(rows, { time, value, keys, unit }, q);
    },
  };
}

/** The part of the rows that a sample keeps. @throws {UsageError} when it is none */
export function ratioOf(stage: Of<"sample">): number {
  const ratio = Number(constantValue(stage.size, {}));
  if (ratio > 0 && ratio <= 1) return ratio;
  throw new UsageError(
    `A sample is more than nothing, and at most 100%, here is ${ratio * 100}%`,
    "Such as: sample 1%",
  );
}

function sampled(batch: Batch, stage: Of<"sample">, effects: StageEffects): Batch {
  if (isFloatType(stage.size.t.type)) {
    const ratio = ratioOf(stage);
    effects.sampling *= ratio;
    const kept = openRowSample(ratio).apply(batch);
    effects.samples.push(kept.length);
    return kept;
  }
  const sample = rowsSample(stage);
  sample.add(batch);
  return sample.rows(batch.fields, effects);
}

function rowsSample(stage: Of<"sample">): RowsSample {
  const count = Number(constantValue(stage.size, {}));
  if (!(count > 0)) throw new UsageError(`A sample is of at least one row, here is ${count}`, "Such as: sample 100");
  const reservoir = openReservoir(Math.min(count, MAX_ROWS));
  return {
    add: reservoir.add,
    rows(fields, effects): Batch {
      const rows = reservoir.rows(fields);
      const wanted = Math.min(count, reservoir.seen);
      addLost(effects, "row_limit", wanted - rows.length);
      if (reservoir.seen > wanted) {
        effects.sampling *= wanted / reservoir.seen;
        effects.samples.push(rows.length);
      }
      return rows;
    },
  };
}

function joined(
  left: Batch,
  stage: Of<"join">,
  results: ReadonlyMap<string, Result>,
  effects: StageEffects,
): Batch {
  const right = results.get(stage.right);
  if (right?.kind !== "table") throw new UsageError(`There are no rows of "${stage.right}" to join`);
  const { leftKeys, rightKeys, take } = stage;
  const { batch, lost, unmatched } = joinBatch(left, right, {
    kind: stage.join,
    leftKeys,
    rightKeys,
    take,
    firstOnly: stage.word === "enrich",
    maxRows: MAX_ROWS,
  });
  addLost(effects, "row_limit", lost);
  if (stage.join === "inner" && unmatched > 0) {
    const rows = unmatched === 1 ? "1 row" : `${unmatched} rows`;
    effects.notes.push(`${rows} had no partner in "${stage.right}" and were left out (join …, left keeps them)`);
  }
  return batch;
}

function pluginRows(batch: Batch, stage: Of<"plugin">, plugin: PluginStage | undefined): Batch {
  if (!plugin) throw new TypeError(`the stage "${stage.stage}" was not loaded`);
  const given = new Map(stage.args.map((a) => [a.name, constantValue(a.expr, {})]));
  const values = Object.fromEntries(
    plugin.params.filter((p) => p.type !== "column").map((p): [string, Cell] => {
      const value = given.get(p.name) ?? p.default ?? null;
      const safe = typeof value === "bigint" && Number.isSafeInteger(Number(value));
      return [p.name, safe ? Number(value) : value];
    }),
  );
  const out = plugin.apply(batch, { values, columns: stage.columns, by: stage.by });
  const names = (fields: readonly Field[]): string => fields.map((f) => f.name).join(", ");
  if (names(out.fields) !== names(stage.fields)) {
    throw new TypeError(
      `the stage "${stage.stage}" said the fields ${names(stage.fields)}, and answered ${names(out.fields)}`,
    );
  }
  return { ...out, fields: stage.fields };
}

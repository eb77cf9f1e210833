import {
  type Batch,
  cellAt,
  type Frame,
  type Profile,
  type ProfileStack,
  type Quality,
  type SampleType,
} from "../data/mod.ts";
import { cellText } from "./_cell_text.ts";
import { doublesOf, namedColumn } from "./_named_columns.ts";

/** Which columns make the profile. */
export interface ProfileSpec {
  /** Name of a column of type stack. */
  readonly stack: string;
  /** Name of a column of numbers; null counts rows. */
  readonly value: string | null;
  /** Names of columns that become labels. */
  readonly keys: readonly string[];
  readonly sampleType: SampleType;
}

/** Stands for the frames of a stack that could not be read. */
const UNKNOWN: Frame = { function: "[unknown]", module: "", file: "", line: 0, kind: "unknown" };

/**
 * A profile from rows: values of equal stacks with equal labels add up, stacks in the order in which they came. Frames are
 * equal when their functions are, as everywhere a stack is a key; the first one's line is kept. A row without a stack
 * counts on the frame `[unknown]`, and in the quality's `unwind_failures` (once, or where counts are added up as often as
 * its value). Those whose place in the kernel's map was taken are counted there already, and as events: where rows are
 * not events, the others may hide behind them. Rows without a value are left out; keys that are null give no label.
 *
 * @throws {TypeError} when a column is not there, or the values are no numbers
 */
export function profileOf(batch: Batch, spec: ProfileSpec, quality: Quality): Profile {
  const { column: stackColumn } = namedColumn(batch, spec.stack);
  const values = spec.value === null ? null : doublesOf(namedColumn(batch, spec.value), batch.length);
  const keys = spec.keys.map((name) => ({ name, ...namedColumn(batch, name) }));
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const intern = (frame: Frame): number => {
    const key = `${frame.kind}\0${frame.function}\0${frame.module}`;
    let index = frameIndex.get(key);
    if (index === undefined) frameIndex.set(key, index = frames.push(frame) - 1);
    return index;
  };
  // Cells share their frames: the same list is read once.
  const read = new Map<unknown, { indexes: number[]; key: string }>();
  const stacks = new Map<string, { frames: number[]; values: [number]; labels: ProfileStack["labels"] }>();
  let failures = 0;
  for (let i = 0; i < batch.length; i++) {
    const value = values === null ? 1 : values[i];
    if (Number.isNaN(value)) continue;
    const cell = cellAt(stackColumn, i) as readonly Frame[] | null;
    if (cell === null) failures += spec.sampleType.unit === "count" ? value : 1;
    let known = read.get(cell);
    if (!known) {
      const indexes = (cell ?? [UNKNOWN]).map(intern);
      read.set(cell, known = { indexes, key: indexes.join(",") });
    }
    const labels: Record<string, string> = {};
    let key = known.key;
    for (const { name, field, column } of keys) {
      const cell = cellAt(column, i);
      if (cell === null) continue;
      labels[name] = cellText(cell, field.type);
      key += `\0${name}\0${labels[name]}`;
    }
    const stack = stacks.get(key);
    if (stack) stack.values[0] += value;
    else stacks.set(key, { frames: known.indexes, values: [value], labels });
  }
  const fresh = Math.max(0, failures - (quality.unwind_failures_by.stack_collision ?? 0));
  return {
    kind: "profile",
    sampleTypes: [spec.sampleType],
    frames,
    stacks: [...stacks.values()],
    quality: fresh === 0 ? quality : { ...quality, unwind_failures: quality.unwind_failures + fresh },
  };
}

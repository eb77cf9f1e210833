import { field, quality, type Table, tableFromRows } from "../../data/mod.ts";
import { branchFlags } from "../../perf/mod.ts";
import { addressOf, addressText } from "../../symbols/mod.ts";
import type { Host } from "../../host/mod.ts";
import { createStackTable } from "../stack_table.ts";
import { localFiles } from "./local_files.ts";
import { perfDataParser } from "./perf_data_parser.ts";
import { recordedNames } from "./recorded_names.ts";
import type { RecordedSpace } from "./recorded_tasks.ts";

/** Fields of {@linkcode perfDataBranches}. */
export const BRANCH_FIELDS = [
  field("from", "string", "Address of the branch"),
  field("from_function", "string", "Function that it lies in"),
  field("from_module", "string", "File of that function"),
  field("to", "string", "Address that it went to"),
  field("to_function", "string", "Function that it lies in"),
  field("to_module", "string", "File of that function"),
  field("type", "string", "cond, call, ret, …; empty where the processor does not tell"),
  field("count", "int", "How often it was recorded", "count"),
  field("share", "ratio", "Share of all branches"),
  field("mispredicted", "ratio", "Of those whose prediction is known"),
  field("cycles", "float", "Mean cycles since the branch before; 0 when not told"),
];

/** Reads the branch records of a file (`perf record -b`, `-j`). */
export interface BranchReader {
  /** @throws {FormatError} when the file is broken here */
  push(chunk: Uint8Array): void;
  /**
   * Edges from branch to target, the most frequent first.
   *
   * @param limit most rows; 0 is all
   * @throws {FormatError}
   */
  end(limit: number): Table;
}

/** @param host the machine whose files give names to addresses; without, they have none */
export function perfDataBranches(host?: Host): BranchReader {
  const edges = createStackTable(16 << 20);
  const key = new Uint32Array(4);
  const spaces: RecordedSpace[] = [];
  let mispredicted = new Float64Array(1 << 10);
  let known = new Float64Array(1 << 10);
  let cycles = new Float64Array(1 << 10);
  let flags = new Uint32Array(1 << 10);
  let branches = 0;
  let lost = 0;
  let samples = 0;

  const parser = perfDataParser({
    sample: ({ words, parts }, _event, task) => {
      if (parts.branches < 0) return;
      samples++;
      const { space } = task.process;
      if (space.id < 0) {
        space.id = spaces.push(space) - 1;
        space.sampled = true;
      }
      for (let i = 0, at = parts.branches; i < parts.branchEntries; i++, at += 6) {
        for (let k = 0; k < 4; k++) key[k] = words[at + k];
        // The kernel's addresses mean the same in every process.
        const inKernel = (key[1] & key[3]) >>> 31 === 1;
        const edge = edges.add(key, 0, 4, inKernel ? 0 : space.id, inKernel ? 1 : 0, 1);
        branches++;
        if (edge < 0) {
          lost++;
          continue;
        }
        if (edge >= flags.length) {
          mispredicted = grown(mispredicted, new Float64Array(edge * 2));
          known = grown(known, new Float64Array(edge * 2));
          cycles = grown(cycles, new Float64Array(edge * 2));
          flags = grown(flags, new Uint32Array(edge * 2));
        }
        const low = words[at + 4];
        mispredicted[edge] += low & 1;
        known[edge] += (low & 3) !== 0 ? 1 : 0;
        cycles[edge] += low >>> 4 & 0xffff;
        flags[edge] = low;
      }
    },
  });

  return {
    push: parser.push,
    end: (limit) => {
      parser.end();
      const files = host ? localFiles(host) : null;
      const names = recordedNames(parser.info, parser.kernel, host ?? null, files);
      const rows: { edge: number; words: Uint32Array; space: number; count: number }[] = [];
      let n = 0;
      edges.each(({ words, space, count }) => rows.push({ edge: n++, words: words.slice(), space, count }));
      rows.sort((a, b) => b.count - a.count || a.edge - b.edge);
      const place = (row: typeof rows[number], at: number): [string, string, string] => {
        const address = addressOf(row.words[at + 1], row.words[at]);
        const frame = address < 0 ? names.kernel(address) : names.user(spaces[row.space], address).at(-1)!;
        return [addressText(address), frame.function, frame.module];
      };
      const cells = rows.slice(0, limit > 0 ? limit : undefined).map((row) => [
        ...place(row, 0),
        ...place(row, 2),
        branchFlags(flags[row.edge]).type,
        row.count,
        branches > 0 ? row.count / branches : 0,
        known[row.edge] > 0 ? mispredicted[row.edge] / known[row.edge] : 0,
        cycles[row.edge] / row.count,
      ]);
      const notes = [...parser.notes(), ...names.notes()];
      if (samples === 0) notes.push("No sample of the file holds branches: record with perf record -b.");
      const lost_by: Record<string, number> = { ...parser.lost, ...(lost > 0 ? { map_full: lost } : {}) };
      return tableFromRows(BRANCH_FIELDS, cells, quality({ events: branches - lost, lost_by, notes }));
    },
  };
}

function grown<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

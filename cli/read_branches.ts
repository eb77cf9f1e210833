import { type Table, UsageError } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { looksLikePerfData } from "../core/profile/perf_data/file_header.ts";
import { perfDataBranches } from "../core/profile/perf_data/perf_data_branches.ts";
import { withProfileSource } from "./profile_source.ts";
import type { Progress } from "./progress.ts";

/**
 * Reads the branches that a perf.data file holds.
 *
 * @param path a file; `-` is standard input
 * @throws {UsageError} when it cannot be read, is no perf.data or holds none
 */
export async function readBranches(path: string, progress: Progress): Promise<Table> {
  return await withProfileSource(path, progress, async ({ name, head, chunks }) => {
    if (!looksLikePerfData(head)) throw new UsageError(`${name} is no perf.data: only that holds branches`, RECORD);
    const reader = perfDataBranches(openHost());
    for await (const chunk of chunks) reader.push(chunk);
    const table = reader.end(0);
    if (table.length === 0) throw new UsageError(`${name} holds no branches`, RECORD);
    return table;
  });
}

const RECORD = "perf record -b records them, on processors that keep them";

import { recordsOf, resultsToJson, type Table } from "../../core/data/mod.ts";
import { openSession } from "../session.ts";
import { outputGone, print, terminalWidth } from "../output.ts";
import { renderOptions } from "../render_options.ts";
import { openScreen } from "../screen.ts";

/** Columns of the live view; the rest is in `--json`. */
const COLUMNS = [
  "pid",
  "comm",
  "state",
  "cpu",
  "system",
  "rss",
  "threads",
  "run_delay",
  "blocked",
  "read_bytes",
  "write_bytes",
  "command",
];

/** Processes by CPU and memory: live on a terminal, else one table a round. */
export async function top(
  options: { json?: boolean; count?: number; interval: number; sort: string },
): Promise<number> {
  const session = await openSession();
  const { signal } = session.context;
  const list = await session.registry.tool("list_processes");
  const terminal = Deno.stdout.isTerminal() && !options.json;
  const rounds = options.count ?? (terminal ? Infinity : 1);
  const { renderTable } = await import("../../core/render/terminal/table.ts");
  using screen = terminal ? openScreen() : null;
  const rows = screen ? Math.max(5, screen.rows() - 6) : 40;
  for (let round = 0; round < rounds && !signal.aborted && !outputGone(); round++) {
    const results = await list.run(
      { sort_by: options.sort, top_n: rows, duration_secs: options.interval / 1e9 },
      session.context,
    );
    if (signal.aborted && round > 0) break;
    if (options.json) {
      const args = { sort_by: options.sort, top_n: rows, duration_secs: options.interval / 1e9 };
      print(JSON.stringify({ schema: 1, tool: "list_processes", args, results: resultsToJson(results) }) + "\n");
      continue;
    }
    const head = summaryLine(results.summary as Table, session.host.loadAvg());
    const table = renderTable(select(results.processes as Table, COLUMNS, rows), renderOptions());
    const frame = `${head}\n\n${table}`;
    if (screen) screen.draw(frame);
    else print(frame);
  }
  return 0;
}

function summaryLine(summary: Table, load: { load1: number; load5: number; load15: number } | null): string {
  const s = recordsOf(summary)[0];
  const percent = (x: unknown): string => `${Math.round(Number(x) * 100)} %`;
  return [
    `${s.processes} processes, ${s.threads} threads`,
    `CPU ${percent(s.cpu_total)} of one (unseen ${percent(s.cpu_unseen)}, sonde ${percent(s.own_cpu)})`,
    `forks ${Math.round(Number(s.forks))}/s`,
    load ? `load ${load.load1} ${load.load5} ${load.load15}` : "",
  ].filter(Boolean).join("   ").slice(0, terminalWidth());
}

/** Some columns of a table, its first rows. */
function select(table: Table, names: readonly string[], rows: number): Table {
  const at = names.map((n) => table.fields.findIndex((f) => f.name === n));
  return {
    ...table,
    length: Math.min(rows, table.length),
    fields: at.map((i) => table.fields[i]),
    columns: at.map((i) => table.columns[i]),
  };
}

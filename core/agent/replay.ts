import { type Cell, fieldIndex, GoneError, type Results, rowsOf, type Table, tableFromRows } from "../data/mod.ts";
import type { Tool, ToolArgs, ToolParam } from "../plugin_api/mod.ts";
import type { RecordedCall, Recording } from "../store/mod.ts";
import { type Clock, manualClock } from "./clock.ts";

/** Arguments that say how, not what: a recorded call answers whatever they are. */
const HOW = new Set([
  "duration_secs",
  "frequency_hz",
  "top_n",
  "sort_by",
  "output_format",
  "include_kernel",
  "include_numa",
  "include_irq",
]);
/** An argument that only leaves rows out: it is applied to the recorded rows. */
const FILTER = "filter_pid";

/** A recording as a set of tools. */
export interface Replay {
  readonly tools: readonly Tool[];
  /** Moves by the recorded durations; give it to the investigation. */
  readonly clock: Clock;
}

/**
 * Tools that answer from a recording: the first call of a tool and target with the first recorded call of it, the
 * second with the second, and so on; further ones with the last. What was not recorded is an error that lists what
 * was. Nothing touches the machine, so the same driver comes to the same answer every time.
 *
 * @param recording with its calls
 * @param known tools whose descriptions and parameters are taken; of others what the recorded arguments tell
 */
export function replayTools(recording: Pick<Recording, "calls">, known: readonly Tool[] = []): Replay {
  const clock = manualClock();
  const calls = [...recording.calls].sort((a, b) => a.record.start_ns - b.record.start_ns);
  const names = [...new Set([...known.map((t) => t.name), ...calls.map((c) => c.record.tool)])];
  const asked = new Map<string, number>();

  const answer = (tool: string, args: ToolArgs): { call: RecordedCall; filter: number | null } => {
    const find = (wanted: string): RecordedCall | null => {
      const fit = calls.filter((c) => c.record.tool === tool && targetOf(c.record.args) === wanted);
      if (fit.length === 0) return null;
      const n = asked.get(`${tool} ${wanted}`) ?? 0;
      asked.set(`${tool} ${wanted}`, n + 1);
      return fit[Math.min(n, fit.length - 1)];
    };
    const exact = find(targetOf(args));
    if (exact) return { call: exact, filter: null };
    const pid = args[FILTER];
    const whole = typeof pid === "number" ? find(targetOf({ ...args, [FILTER]: undefined })) : null;
    if (whole) return { call: whole, filter: Number(pid) };
    const there = calls.map((c) => `${c.record.tool} ${targetOf(c.record.args)}`);
    throw new Error(
      `not_recorded: the recording has no ${tool} ${targetOf(args)}; it has: ${
        [...new Set(there)].join(", ") || "nothing"
      }`,
    );
  };

  const tools = names.map((name): Tool => {
    const template = known.find((t) => t.name === name) ?? toolFromCalls(name, calls);
    if (
      !template.timed && !calls.some((c) => c.record.tool === name) && template.effect === "read" && isPure(template)
    ) {
      return template;
    }
    return {
      ...template,
      run: async (args) => {
        const start = clock.now();
        // Calls of one batch start together: let all of them read the clock before it moves.
        await Promise.resolve();
        const { call, filter } = answer(name, args);
        clock.advanceTo(start + call.record.duration_ns);
        if (call.results === null) throw new Error(call.record.error ?? "failed when it was recorded");
        return filter === null ? call.results : onlyPid(call.results, filter);
      },
    };
  });
  return { tools, clock };
}

/** Tools that compute from their arguments alone may run in a replay. */
function isPure(tool: Tool): boolean {
  return tool.name === "generate_diagnosis_report" || tool.name === "search_knowledge";
}

/** Arguments that say what was measured, as a stable text. */
function targetOf(args: { readonly [name: string]: unknown }): string {
  const what = Object.entries(args)
    .filter(([k, v]) => !HOW.has(k) && v !== undefined && v !== null && !(k === "pid" && v === 0))
    .sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(Object.fromEntries(what));
}

function onlyPid(results: Results, pid: number): Results {
  let found = false;
  const out = Object.fromEntries(
    Object.entries(results).map(([name, r]) => {
      if (r.kind !== "table") return [name, r];
      const column = fieldIndex(r, "pid");
      if (column < 0) return [name, r];
      const keep = (row: readonly Cell[]): boolean => Number(row[column]) === pid;
      const rows = rowsOf(r).filter(keep);
      found ||= rows.length > 0;
      return [name, tableFromRows(r.fields, rows, r.quality) as Table];
    }),
  );
  if (!found) throw new GoneError(`The recording has no process ${pid}`);
  return out;
}

function toolFromCalls(name: string, calls: readonly RecordedCall[]): Tool {
  const params: Record<string, ToolParam> = {};
  for (const { record } of calls.filter((c) => c.record.tool === name)) {
    for (const [key, value] of Object.entries(record.args)) {
      const type = typeof value === "number"
        ? "number"
        : typeof value === "boolean"
        ? "boolean"
        : Array.isArray(value)
        ? "array"
        : "string";
      params[key] ??= { type, description: "As recorded" };
    }
  }
  return {
    name,
    description: `As recorded: ${name}`,
    params,
    required: [],
    effect: "read",
    timed: "duration_secs" in params,
    run: () => Promise.reject(new Error("not_recorded")),
  };
}

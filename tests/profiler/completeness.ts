import { openHost } from "../../core/host/mod.ts";
import { cpuSampler } from "../../core/profile/mod.ts";
import type { UnwindMethod } from "../../core/profile/sampler.ts";
import { countStacks, perfScriptStacks, profileStacks, type Stacks } from "./stacks.ts";
import { type Running, start } from "./running.ts";
import { WORKLOADS } from "./workloads.ts";

const HZ = 997;
const host = openHost();

/** Samples a process by us. @param seconds length of the window */
export async function bySonde(pid: number, unwind: UnwindMethod | undefined, seconds: number): Promise<Stacks> {
  const profile = await cpuSampler(host)({
    pid,
    frequencyHz: HZ,
    durationNs: seconds * 1e9,
    kernel: true,
    user: true,
    // As perf is asked below: it would take longer to read debugging information than to sample.
    inlined: false,
    signal: new AbortController().signal,
    ...(unwind ? { unwind } : {}),
  });
  return countStacks(profileStacks(profile));
}

/** Samples a process by `perf record`. @returns null when there is no perf, or it may not */
export async function byPerf(pid: number, callGraph: "fp" | "dwarf", seconds: number): Promise<Stacks | null> {
  const dir = await Deno.makeTempDir();
  try {
    const data = `${dir}/perf.data`;
    const record = ["record", "-q", "-F", String(HZ), "-e", "cpu-clock", "--call-graph", callGraph, "-o", data];
    const run = async (args: readonly string[]): Promise<string> => {
      const command = new Deno.Command("perf", { args: [...args], stdout: "piped", stderr: "null", stdin: "null" });
      return new TextDecoder().decode((await command.output()).stdout);
    };
    await run([...record, "-p", String(pid), "--", "sleep", String(seconds)]);
    const text = await run(["script", "-i", data, "-F", "ip,sym,dso", "--no-inline"]);
    return text === "" ? null : countStacks(perfScriptStacks(text));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Share of complete stacks as a cell: `99.8 %`. */
function cell(stacks: Stacks | null): string {
  if (stacks === null || stacks.samples === 0) return "–";
  return `${Math.round(stacks.complete / stacks.samples * 1000) / 10} %`;
}

/**
 * The table of complete stacks, in Markdown: each workload, each way to unwind, beside `perf record`.
 *
 * @param seconds length of each window
 */
export async function completenessTable(seconds: number): Promise<string> {
  const head = ["program", "no option (auto)", "dwarf", "fp", "perf dwarf", "perf fp"];
  const rows = [head, head.map((_, i) => i === 0 ? "---" : "--:")];
  for (const workload of WORKLOADS) {
    const started: Running | string = await start(workload);
    if (typeof started === "string") {
      rows.push([workload.name, started, "", "", "", ""]);
      continue;
    }
    await using running = started;
    const cells: string[] = [];
    for (const unwind of [undefined, "dwarf", "fp"] as const) {
      cells.push(cell(await bySonde(running.pid, unwind, seconds)));
    }
    for (const graph of ["dwarf", "fp"] as const) cells.push(cell(await byPerf(running.pid, graph, seconds)));
    rows.push([workload.name, ...cells]);
  }
  return rows.map((r) => `| ${r.join(" | ")} |`).join("\n");
}

if (import.meta.main) console.log(await completenessTable(Number(Deno.args[0] ?? 2)));

import { compileC } from "../compile_c.ts";
import { SOURCE as HOT_PROGRAM } from "../hot_program.ts";
import { alternate, median } from "./measure.ts";
import { fromFileUrl } from "./paths.ts";
import { ratioInterval } from "./ratio_interval.ts";

/** Runs a command and says what it used with all it waited for: ms of CPU, on standard error's last line. */
const RUNNER = `
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct rusage r;
  int status;
  pid_t child = fork();
  if (child == 0) { freopen("/dev/null", "w", stderr); execvp(argv[1], argv + 1); _exit(127); }
  wait4(child, &status, 0, &r);
  printf("%f\\n", (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3);
  return status != 0;
}
`;

/** How profilers run, at a frequency and with a file for what they write. */
type Tool = (hz: number, file: string) => readonly string[];

/** One run: what the profiler used, what the profiled program used, and how long that took; ms each. */
interface Cost {
  readonly toolMs: number;
  readonly targetMs: number;
  readonly wallMs: number;
}

/**
 * What profiling costs, beside `perf record`, over a program that does a fixed amount of work: CPU time of the tool from
 * start to end (ours names everything and writes a file; theirs only records, then `perf script` reads it), and by how
 * much the program's own CPU time and run grow. Prints a table in Markdown.
 *
 * @param sonde the command
 * @param pairs runs of each
 * @param rounds of work of the program: 0.3 ms each or so
 */
export async function profileCostBench(sonde: string, pairs: number, rounds: number): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const runner = `${dir}/runner`, target = `${dir}/hot`;
    if (
      !await compileC(RUNNER, runner, ["-w"]) ||
      !await compileC(HOT_PROGRAM, target, ["-O2", "-pthread", "-fno-optimize-sibling-calls"])
    ) throw new Error("No C compiler here: install gcc");
    const work = [target, "fixed", String(rounds)];
    const run = async (command: readonly string[]): Promise<number[]> => {
      const { success, stdout } = await new Deno.Command(runner, { args: [...command], stdin: "null" }).output();
      if (!success) throw new Error(`${command[0]} failed`);
      // "ready", the program's figures, the runner's.
      return new TextDecoder().decode(stdout).trim().split("\n").slice(1).flatMap((l) => l.split(" ").map(Number));
    };
    const tools: Record<string, Tool> = {
      "sonde": (hz, file) => [sonde, "profile", "-F", String(hz), "-o", `${file}.folded`, "--", ...work],
      "sonde fp": (
        hz,
        file,
      ) => [sonde, "profile", "--unwind", "fp", "-F", String(hz), "-o", `${file}.folded`, "--", ...work],
      "perf dwarf": (hz, file) => perf("dwarf", hz, file, work),
      "perf fp": (hz, file) => perf("fp", hz, file, work),
    };
    console.log(
      "| Hz | tool | tool's CPU, ms | ratio to perf record, same unwinding | and perf script | program's CPU | its run |",
    );
    console.log("| --: | --- | --: | --: | --: | --: | --: |");
    for (const hz of [99, 997, 4999]) {
      const costs: Record<string, Cost[]> = {};
      const scripts: Record<string, number[]> = {};
      const once =
        (name: string, command: readonly string[], script?: readonly string[]) => async (): Promise<number> => {
          const [targetMs, wallMs, allMs] = await run(command);
          (costs[name] ??= []).push({ toolMs: allMs - targetMs, targetMs, wallMs });
          if (script) {
            const { success, stdout } = await new Deno.Command(runner, { args: [...script], stdin: "null" }).output();
            if (!success) throw new Error("perf script failed");
            (scripts[name] ??= []).push(Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1)));
          }
          return allMs;
        };
      const file = `${dir}/out`;
      await alternate(pairs, {
        none: once("none", work),
        ...Object.fromEntries(
          Object.entries(tools).map(([name, tool]) => {
            const script = name.startsWith("perf") ? ["perf", "script", "-i", `${file}.data`] : undefined;
            return [name, once(name, tool(hz, file), script)];
          }),
        ),
      });
      const column = (name: string, key: keyof Cost): number[] => costs[name].map((c) => c[key]);
      const grown = (name: string, key: keyof Cost): string => {
        const { ratio, low, high } = ratioInterval(column(name, key), column("none", key));
        return `${percent(ratio)} [${percent(low)} – ${percent(high)}]`;
      };
      for (const name of Object.keys(tools)) {
        const own = column(name, "toolMs");
        const other = name === "sonde" ? "perf dwarf" : name === "sonde fp" ? "perf fp" : null;
        const beside = (theirs: readonly number[]): string => {
          const { ratio, low, high } = ratioInterval(own, theirs);
          return `${ratio.toFixed(2)} [${low.toFixed(2)} – ${high.toFixed(2)}]`;
        };
        const record = other ? beside(column(other, "toolMs")) : "";
        const whole = other
          ? beside(column(other, "toolMs").map((ms, i) => ms + scripts[other][i]))
          : `${median(scripts[name]).toFixed(0)} ms`;
        const cells = [hz, name, median(own).toFixed(0), record, whole, grown(name, "targetMs"), grown(name, "wallMs")];
        console.log(`| ${cells.join(" | ")} |`);
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function perf(graph: string, hz: number, file: string, work: readonly string[]): readonly string[] {
  const record = ["perf", "record", "-q", "-e", "cpu-clock", "--call-graph", graph, "-F", String(hz)];
  return [...record, "-o", `${file}.data`, "--", ...work];
}

/** By how much something grew. */
function percent(ratio: number): string {
  return `${ratio >= 1 ? "+" : ""}${((ratio - 1) * 100).toFixed(1)} %`;
}

if (import.meta.main) {
  const [pairs = "20", rounds = "10000"] = Deno.args;
  await profileCostBench(fromFileUrl("../../sonde"), Number(pairs), Number(rounds));
}

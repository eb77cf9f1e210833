import { perfScriptText } from "../../core/profile/formats/_perf_script_text.ts";
import { alternate, line, median, wallMs } from "./measure.ts";
import { fromFileUrl } from "./paths.ts";

const MORE = 40;

/**
 * Folding 3 MB of perf script text: in a process that is warm, which is what a rate means, in one that does it once, and
 * as a command; beside stackcollapse-perf.pl where FLAMEGRAPH_DIR or the path has it. CPU time, for other work on the
 * machine hits wall time most.
 */
export async function foldBench(sonde: string, rounds: number): Promise<void> {
  const file = Deno.makeTempFileSync({ suffix: ".perf" });
  const text = perfScriptText(3 << 20);
  Deno.writeFileSync(file, text);
  const script = findScript();
  const child = (n: number): string[] => ["run", "-A", "--no-check", fromFileUrl("./_fold_child.ts"), file, `${n}`];
  const ms = await alternate(rounds, {
    once: () => cpuMs(Deno.execPath(), child(1)),
    often: () => cpuMs(Deno.execPath(), child(1 + MORE)),
    command: () => wallMs(sonde, ["export", file, "-o", "-", "--format", "stackcollapse"]),
    ...script
      ? { theirs: () => cpuMs("perl", [script, "--all", file]), wall: () => wallMs("perl", [script, "--all", file]) }
      : {},
  });
  const ours = (median(ms.often) - median(ms.once)) / MORE;
  const against = ms.theirs
    ? `stackcollapse-perf.pl ${median(ms.theirs).toFixed(0)} ms: ${(median(ms.theirs) / ours).toFixed(1)} times`
    : "no stackcollapse-perf.pl here (FLAMEGRAPH_DIR); inferno tells 10 times its speed for itself (its README)";
  line(
    `fold ${(text.length / 1e6).toFixed(1)} MB of perf script, CPU time, warm`,
    `${ours.toFixed(1)} ms`,
    "8 times",
    against,
  );
  line("  a process that does it once, start included, CPU time", `${median(ms.once).toFixed(0)} ms`, "-");
  const wall = ms.wall ? `stackcollapse-perf.pl ${median(ms.wall).toFixed(0)} ms` : "";
  line("  as a command, start included, wall time", `${median(ms.command).toFixed(0)} ms`, "-", wall);
  Deno.removeSync(file);
}

/** CPU time of a command and what it starts, ms. */
async function cpuMs(command: string, args: readonly string[]): Promise<number> {
  const { stderr, code } = await new Deno.Command("/usr/bin/time", {
    args: ["-f", "%U %S", command, ...args],
    stdout: "null",
    stdin: "null",
  }).output();
  const told = new TextDecoder().decode(stderr).trim().split("\n").at(-1)!;
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${told}`);
  const [user, system] = told.split(" ").map(Number);
  return (user + system) * 1000;
}

function findScript(): string | null {
  const folders = [Deno.env.get("FLAMEGRAPH_DIR") ?? "", ...(Deno.env.get("PATH") ?? "").split(":")];
  for (const folder of folders.filter((f) => f !== "")) {
    try {
      const path = `${folder}/stackcollapse-perf.pl`;
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

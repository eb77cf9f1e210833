import { perfScriptText } from "../../core/profile/formats/_perf_script_text.ts";
import { alternate, line, wallMs } from "./measure.ts";
import { fromFileUrl } from "./paths.ts";

/**
 * Folding 3 MB of perf script text: in a process that is warm, which is what a rate means, the first time in one, and as
 * a command; beside stackcollapse-perf.pl where FLAMEGRAPH_DIR or the path has it. The fastest of each counts: other work
 * on the machine only ever adds.
 */
export async function foldBench(sonde: string, rounds: number): Promise<void> {
  const file = Deno.makeTempFileSync({ suffix: ".perf" });
  const text = perfScriptText(3 << 20);
  Deno.writeFileSync(file, text);
  const script = findScript();
  let first = Infinity;
  const ms = await alternate(rounds, {
    ours: async () => {
      const [once, best] = await childMs(file);
      first = Math.min(first, once);
      return best;
    },
    command: () => wallMs(sonde, ["export", file, "-o", "-", "--format", "stackcollapse"]),
    ...script ? { theirs: () => wallMs("perl", [script, "--all", file]) } : {},
  });
  Deno.removeSync(file);
  const ours = Math.min(...ms.ours);
  const theirs = ms.theirs ? Math.min(...ms.theirs) : NaN;
  const against = script
    ? `stackcollapse-perf.pl ${theirs.toFixed(0)} ms: ${(theirs / ours).toFixed(1)} times`
    : "no stackcollapse-perf.pl here (FLAMEGRAPH_DIR); inferno's README says 10 times its speed of inferno";
  line(`fold ${(text.length / 1e6).toFixed(1)} MB of perf script, warm`, `${ours.toFixed(1)} ms`, "8 times", against);
  line("  the first time in a process, its start not counted", `${first.toFixed(0)} ms`, "-");
  line("  as a command, start included", `${Math.min(...ms.command).toFixed(0)} ms`, "-");
}

/** How long folding takes the first time, and at best. */
async function childMs(file: string): Promise<number[]> {
  const child = fromFileUrl("./_fold_child.ts");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", child, file, "60"],
    stdin: "null",
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim().split(" ").map(Number);
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

import { perfScriptText } from "../../core/profile/formats/_perf_script_text.ts";
import { perfScriptFormat } from "../../core/profile/formats/perf_script.ts";
import { stackcollapseFormat } from "../../core/profile/formats/stackcollapse.ts";
import { alternate, line, median, wallMs } from "./measure.ts";

/**
 * Folding 3 MB of perf script text: here in this process, warm and the first time; as a command; and by
 * stackcollapse-perf.pl, a process of its own, where FLAMEGRAPH_DIR or the path has it.
 */
export async function foldBench(sonde: string, rounds: number): Promise<void> {
  const file = Deno.makeTempFileSync({ suffix: ".perf" });
  const text = perfScriptText(3 << 20);
  Deno.writeFileSync(file, text);
  const script = findScript();
  const fold = (): number => {
    const start = performance.now();
    const reader = perfScriptFormat.reader!();
    reader.push(Deno.readFileSync(file));
    for (const _ of stackcollapseFormat.write!(reader.end())) { /* all of it */ }
    return performance.now() - start;
  };
  const first = fold();
  for (let i = 0; i < 10; i++) fold();
  const ms = await alternate(rounds, {
    ours: fold,
    command: () => wallMs(sonde, ["export", file, "-o", "-", "--format", "stackcollapse"]),
    ...script ? { theirs: () => wallMs("perl", [script, "--all", file]) } : {},
  });
  const ours = median(ms.ours);
  const megabytes = text.length / 1e6;
  const against = ms.theirs
    ? `stackcollapse-perf.pl ${median(ms.theirs).toFixed(0)} ms: ${(median(ms.theirs) / ours).toFixed(1)} times`
    : "stackcollapse-perf.pl is not here (FLAMEGRAPH_DIR): nothing to compare with";
  line(`fold ${megabytes.toFixed(1)} MB of perf script, warm`, `${ours.toFixed(1)} ms`, "8 times", against);
  line("  the first time in a process", `${first.toFixed(1)} ms`, "", "");
  line("  as a command, start included", `${median(ms.command).toFixed(0)} ms`, "", "");
  Deno.removeSync(file);
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

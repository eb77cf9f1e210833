/** Folds a file of perf script text as often as asked: `fold_bench.ts` takes the CPU time of this process. @module */
import { perfScriptFormat } from "../../core/profile/formats/perf_script.ts";
import { stackcollapseFormat } from "../../core/profile/formats/stackcollapse.ts";

const [file, rounds] = Deno.args;
for (let i = 0; i < Number(rounds); i++) {
  const reader = perfScriptFormat.reader!();
  reader.push(Deno.readFileSync(file));
  for (const _ of stackcollapseFormat.write!(reader.end())) { /* all of it */ }
}

/** Folds a file of perf script text as often as asked; prints how long the first and the fastest took, ms. @module */
import { perfScriptFormat } from "../../core/profile/formats/perf_script.ts";
import { stackcollapseFormat } from "../../core/profile/formats/stackcollapse.ts";

const [file, rounds] = Deno.args;
const times: number[] = [];
for (let i = 0; i < Number(rounds); i++) {
  const start = performance.now();
  const reader = perfScriptFormat.reader!();
  reader.push(Deno.readFileSync(file));
  for (const _ of stackcollapseFormat.write!(reader.end())) { /* all of it */ }
  times.push(performance.now() - start);
}
console.log(times[0], Math.min(...times));

/** perf script text to folded text: 3 MB, in this process, warm. Beside stackcollapse-perf.pl: `deno task bench:profile`. */
import { perfScriptFormat } from "./perf_script.ts";
import { perfScriptText } from "./_perf_script_text.ts";
import { stackcollapseFormat } from "./stackcollapse.ts";

const text = perfScriptText(3 << 20);

Deno.bench(`perf script text to folded stacks: ${(text.length / 1e6).toFixed(1)} MB`, () => {
  const reader = perfScriptFormat.reader!();
  reader.push(text);
  for (const _ of stackcollapseFormat.write!(reader.end())) { /* all of it */ }
});

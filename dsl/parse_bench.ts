/**
 * What the language costs at start: `deno bench -A dsl/`. Loading the parser (chevrotain, tokens, grammar) can be seen
 * only once a process: the first bench starts one each time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";
import { format } from "./format.ts";

const SOURCE = `param window: duration = 5s
let calls = collect tracepoint:syscalls:sys_enter_openat for $window
  | filter filename like "/var/%" and pid != 0 and (flags & 1) == 0
  | aggregate count(), max(flags) as most by comm, filename
  | top 20 by count()
expect max(calls.count) < 1000 tolerate 5% else "too many"`;

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));

function evaluate(code: string): void {
  const { success, stderr } = new Deno.Command(Deno.execPath(), { args: ["eval", "--config", CONFIG, code] })
    .outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

Deno.bench(
  { name: "a process that does nothing", group: "start", baseline: true, n: 20, warmup: 3 },
  () => evaluate("0"),
);
Deno.bench({ name: "a process that loads the lexer and the parser", group: "start", n: 20, warmup: 3 }, () => {
  evaluate(`await import(${url("./grammar.ts")})`);
});
Deno.bench({ name: "a process that compiles a recipe", group: "start", n: 20, warmup: 3 }, () => {
  evaluate(
    `const { compile } = await import(${url("./mod.ts")});
await compile("collect proc.list | limit 1", { collector: () => undefined, collectorNames: () => [] });`,
  );
});

await compile(SOURCE, TEST_REGISTRY);
Deno.bench("compile a recipe of six lines, parser loaded", async () => {
  await compile(SOURCE, TEST_REGISTRY);
});

const LONG = Array(17).fill(SOURCE).join("\n");
Deno.bench("format a recipe of 100 lines, parser loaded", async () => {
  await format(LONG);
});

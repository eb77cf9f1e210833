/** Prints the figures of speed and cost: `deno task bench [sonde]`. Nothing here fails; people read it. @module */
import { fromFileUrl } from "./paths.ts";
import { attachBench } from "./attach_bench.ts";
import { tracers } from "./tracer.ts";
import { alternate, line, median, wallMs } from "./measure.ts";

const sonde = Deno.args[0] ?? fromFileUrl("../../sonde");
const hello = Deno.makeTempFileSync({ suffix: ".ts" });
Deno.writeTextFileSync(hello, 'console.log("hello")');

const start = await alternate(15, {
  help: () => wallMs(sonde, ["--help"]),
  hello: () => wallMs(Deno.execPath(), ["run", "--no-config", hello]),
});
line(
  "sonde --help",
  `${median(start.help).toFixed(0)} ms`,
  "< 60 ms",
  `deno run hello ${median(start.hello).toFixed(0)} ms`,
);
Deno.removeSync(hello);

await attachBench(sonde, await tracers(), 7);

const out = await new Deno.Command(sonde, { args: ["diagnose", "--json"], stdin: "null", stderr: "null" }).output();
const diagnosis = JSON.parse(new TextDecoder().decode(out.stdout));
const { cost } = diagnosis.quality;
line(
  "diagnose, own CPU over its run",
  `${(cost.ratio * 100).toFixed(1)} %`,
  "< 5 %",
  `${diagnosis.elapsed_s.toFixed(1)} s in all`,
);

for (
  const file of [
    "core/host/stat_bench.ts",
    "core/perf/decode_bench.ts",
    "core/render/flame_bench.ts",
    "core/ring/ring_bench.ts",
    "core/ring/worker_bench.ts",
  ]
) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "-A", "--quiet", fromFileUrl(`../../${file}`)],
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  console.log(`\n${file}\n${new TextDecoder().decode(stdout).trim()}`);
}

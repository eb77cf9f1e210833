/**
 * Prints the profiler's speed and cost beside those of others: `deno task bench:profile [NAME]… [--rounds N]
 * [--pairs N] [--sonde PATH]`. Both sides alternate; figures are medians. Nothing here fails; people read it. @module
 */
import { parseArgs } from "node:util";
import { flamePageBench } from "./flame_page_bench.ts";
import { flameSvgBench } from "./flame_svg_bench.ts";
import { foldBench } from "./fold_bench.ts";
import { importMemoryBench } from "./import_memory_bench.ts";
import { fromFileUrl } from "./paths.ts";
import { profileCostBench } from "./profile_cost_bench.ts";
import { samplerCosts } from "./samplers_bench.ts";
import { symbolsBench } from "./symbols_bench.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "9" },
    pairs: { type: "string", default: "20" },
    sonde: { type: "string" },
  },
  allowPositionals: true,
});
const sonde = values.sonde ?? fromFileUrl("../../sonde");
const rounds = Number(values.rounds);
/** Rounds of the fixed work of programs that are profiled: a second and a half or so. */
const WORK = 5000;

/** Add yours here: a name to ask for, and what prints lines. */
const BENCHES: Readonly<Record<string, () => void | Promise<void>>> = {
  fold: () => foldBench(sonde, rounds),
  memory: () => importMemoryBench(sonde),
  svg: () => flameSvgBench(sonde, rounds),
  symbols: () => symbolsBench(Math.ceil(rounds / 3)),
  page: () => flamePageBench(Math.ceil(rounds / 3)),
  unwind: () => script("../../core/profile/unwind/unwind_bench.ts"),
  cost: () => profileCostBench(sonde, Number(values.pairs), WORK),
  samplers: () => samplerCosts(Math.ceil(rounds / 3), [99, 997, 4999]),
};

const wanted = positionals.length > 0 ? positionals : Object.keys(BENCHES);
for (const name of wanted) {
  if (!Object.hasOwn(BENCHES, name)) {
    throw new TypeError(`No bench "${name}"; there are ${Object.keys(BENCHES).join(", ")}`);
  }
  await BENCHES[name]();
}

/** A bench that is a program of its own. */
async function script(file: string): Promise<void> {
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", fromFileUrl(file)] }).spawn().status;
}

/**
 * Prints our speed and cost beside those of bpftrace: `deno task bench:tracers [attach|run|event|stream]… [--rounds N]
 * [--only PART] [--sonde PATH]`. Medians, with the quartiles in brackets; both sides alternate. Nothing here fails;
 * people read it. @module
 */
import { parseArgs } from "node:util";
import { attachBench } from "./attach_bench.ts";
import { eventBench } from "./event_bench.ts";
import { fromFileUrl } from "./paths.ts";
import { runCostBench } from "./run_cost_bench.ts";
import { streamBench } from "./stream_bench.ts";
import { tracers } from "./tracer.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" },
    sonde: { type: "string" },
  },
  allowPositionals: true,
});
const sonde = values.sonde ?? fromFileUrl("../../sonde");
const rounds = Number(values.rounds);
const wants = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

const found = await tracers();
if (found.length === 0) console.log("No bpftrace here: only our own figures");
if (wants("attach")) await attachBench(sonde, found, rounds);
if (wants("run")) await runCostBench(sonde, found, rounds);
if (wants("event")) await eventBench(sonde, found, rounds, values.only);
if (wants("stream")) await streamBench(rounds);

/**
 * Runs the smoke cases and the instruments on the kernel it finds, in one process, and prints one line of JSON for each:
 * first `{"kernel": RELEASE}`, then a {@linkcode SmokeOutcome} or an {@linkcode InstrumentOutcome} after the other.
 * `smoke.ts PROGRAM [NAME…]`: PROGRAM is the compiled workload.c, a NAME chooses cases that contain it;
 * `--instruments` leaves the smoke cases out, `--smoke` the instruments. With SONDE_TEST_MODULE in the environment, the path of the built
 * tests/kernels/module or `missing: WHY`, the cases of its tracepoint run too.
 *
 * @module
 */
import { openSession } from "../../cli/session.ts";
import { INSTRUMENT_CASES } from "./instrument_cases.ts";
import { runInstrument } from "./instrument_run.ts";
import { openBench } from "./smoke_bench.ts";
import { loadModule } from "./load_module.ts";
import { moduleCases } from "./module_cases.ts";
import { SMOKE_CASES } from "./smoke_cases.ts";
import { runCase } from "./smoke_run.ts";

const [program, ...rest] = Deno.args;
const names = rest.filter((name) => !name.startsWith("--"));
if (!program) {
  console.error("usage: smoke.ts PROGRAM [NAME…]");
  Deno.exit(2);
}
console.log(JSON.stringify({ kernel: Deno.osRelease() }));
{
  using bench = openBench(program);
  const session = await openSession();
  const module = Deno.env.get("SONDE_TEST_MODULE");
  const all = module === undefined ? SMOKE_CASES : [...SMOKE_CASES, ...moduleCases(await loadModule(module))];
  for (const smoke of rest.includes("--instruments") ? [] : all) {
    if (names.length > 0 && !names.some((n) => smoke.name.includes(n))) continue;
    console.log(JSON.stringify(await runCase(smoke, bench, session)));
  }
  for (const instrument of rest.includes("--smoke") ? [] : INSTRUMENT_CASES) {
    if (names.length > 0 && !names.some((n) => instrument.name.includes(n))) continue;
    console.log(JSON.stringify(await runInstrument(instrument, bench, session)));
  }
}
// The session listens for signals: nothing else would end the process.
Deno.exit(0);

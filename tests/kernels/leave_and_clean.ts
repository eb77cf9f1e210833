import { field, type Table, tableFromRows, UnsupportedError } from "../../core/data/mod.ts";
import { ownerName, readControlOrNull, removeLeftovers, thisOwner, writeControl } from "../../core/ftrace/mod.ts";
import { topSuffix } from "../../core/ftrace/top_settings.ts";
import { readTopState } from "../../core/ftrace/top_state.ts";
import type { Host } from "../../core/host/mod.ts";

/** A number that no process has: pid_max is 2^22. */
const NOBODY = 4_194_304;

/**
 * Leaves in tracefs what a run that was killed leaves there, under the name of a process that is no more, has it removed,
 * and looks: beside what another sonde that lives has there, and what somebody set besides, which must stay.
 *
 * @param symbol a function of the kernel that can be traced
 * @returns what is wrong; no row when nothing is
 * @throws {UnsupportedError} where the kernel has no kprobe events or no function tracer
 */
export function leaveAndClean(host: Host, symbol: string): Table {
  const root = host.path("tracefs");
  const owner = thisOwner(host);
  const dead = { ...owner, pid: NOBODY };
  const alive = ownerName(owner, "kept");
  for (const file of ["kprobe_events", "set_graph_function"]) {
    if (readControlOrNull(`${root}/${file}`) === null) throw new UnsupportedError(`tracefs has no ${file} here`, "");
  }
  // The kernel rounds sizes up: this one is as it gives it back.
  writeControl(`${root}/buffer_size_kb`, "256");
  const before = readTopState(root);
  if (!before) throw new UnsupportedError("The CPUs' buffers differ in size", "");
  const top = ownerName(
    dead,
    topSuffix({
      set_ftrace_filter: [symbol],
      set_graph_function: [symbol],
      // Its threads have changed since.
      set_ftrace_pid: [String(NOBODY)],
      max_graph_depth: ["2"],
    }, before),
  );
  const instances = [ownerName(dead, "i1"), top, alive].map((name) => `${root}/instances/${name}`);
  for (const path of instances) Deno.mkdirSync(path);
  writeControl(`${root}/kprobe_events`, `p:${ownerName(dead, "p1")}/e0 ${symbol}\n`);
  writeControl(`${root}/kprobe_events`, `p:${alive}/e0 ${symbol}\n`);
  writeControl(`${instances[0]}/set_event`, `${ownerName(dead, "p1")}:e0\n`);
  writeControl(`${root}/set_ftrace_filter`, `${symbol}\n`);
  writeControl(`${root}/set_graph_function`, `${symbol}\n`);
  writeControl(`${root}/max_graph_depth`, "2");
  writeControl(`${root}/options/function-fork`, "1");
  writeControl(`${root}/set_ftrace_pid`, `${Deno.pid}\n`, "clear");
  for (const [file, text] of [["buffer_size_kb", "128"], ["trace_clock", "mono"], ["tracing_on", "0"]]) {
    writeControl(`${root}/${file}`, text);
  }
  writeControl(`${root}/current_tracer`, "function_graph");
  const said = removeLeftovers(host);
  const wrong: string[] = said.filter((line) => line.startsWith("Could not"));
  const expect = (what: string, found: string | null | undefined, wanted: RegExp): void => {
    if (!wanted.test(found ?? "")) wrong.push(`${what} is ${JSON.stringify(found)}`);
  };
  expect("current_tracer", readControlOrNull(`${root}/current_tracer`), /^nop$/m);
  expect("set_ftrace_filter", readControlOrNull(`${root}/set_ftrace_filter`), /^(#.*\s*)?$/);
  expect("set_graph_function", readControlOrNull(`${root}/set_graph_function`), /^(#.*\s*)?$/);
  expect("set_ftrace_pid", readControlOrNull(`${root}/set_ftrace_pid`), /^no pid$/m);
  expect("function-fork", readControlOrNull(`${root}/options/function-fork`), /^0$/m);
  const after = readTopState(root);
  if (JSON.stringify(after) !== JSON.stringify(before)) wrong.push(`the shared buffer is ${JSON.stringify(after)}`);
  expect("max_graph_depth", readControlOrNull(`${root}/max_graph_depth`), /^0$/m);
  expect(
    "the list of instances",
    [...Deno.readDirSync(`${root}/instances`)].map((e) => e.name).join(),
    /^sonde_\w+_kept$/,
  );
  expect("kprobe_events", readControlOrNull(`${root}/kprobe_events`), /^p:sonde_\w+_kept\/e0 \S+\n$/);
  // What somebody has set since stays: here the filter is no longer what the mark says.
  Deno.mkdirSync(instances[1]);
  writeControl(`${root}/set_ftrace_filter`, "vfs_write\n");
  writeControl(`${root}/current_tracer`, "function");
  removeLeftovers(host);
  expect("another's filter", readControlOrNull(`${root}/set_ftrace_filter`), /^vfs_write$/m);
  expect("another's tracer", readControlOrNull(`${root}/current_tracer`), /^function$/m);
  expect("the mark, while the tracer runs", readControlOrNull(`${instances[1]}/current_tracer`), /^nop$/m);
  writeControl(`${root}/current_tracer`, "nop");
  removeLeftovers(host);
  expect("the mark", readControlOrNull(`${instances[1]}/current_tracer`) ?? "gone", /^gone$/);
  expect("another's filter, without the tracer", readControlOrNull(`${root}/set_ftrace_filter`), /^vfs_write$/m);
  writeControl(`${root}/set_ftrace_filter`, "\n", "clear");
  Deno.removeSync(instances[2]);
  writeControl(`${root}/kprobe_events`, `-:${alive}/e0\n`);
  return tableFromRows([field("what", "string")], wrong.map((what) => [what]));
}

import assert from "node:assert/strict";
import { restoreTopTracer } from "./restore_top_tracer.ts";
import { ownerName } from "./owner_name.ts";
import { topSuffix } from "./top_settings.ts";
import { readTopState } from "./top_state.ts";

/** What a run leaves that traced two threads of a process and was killed. */
const LEFT = {
  current_tracer: "function_graph\n",
  set_ftrace_filter: "vfs_read\n",
  set_graph_function: "vfs_read\n",
  set_ftrace_pid: "12\n13\n",
  max_graph_depth: "2\n",
  "options/function-fork": "1\n",
  buffer_size_kb: "2048\n",
  trace_clock: "local global counter uptime perf [mono] mono_raw boot tai x86-tsc\n",
  tracing_on: "0\n",
  set_event: "",
  trace: "an event\n",
};
const MARK = ownerName(
  { pid: 4_194_304, startTicks: 1, namespace: null },
  topSuffix({
    set_ftrace_filter: ["vfs_read"],
    set_graph_function: ["vfs_read"],
    set_ftrace_pid: ["12", "13"],
    max_graph_depth: ["2"],
  }, { tracing_on: 1, buffer_size_kb: 1408, trace_clock: 0 }),
);

type Files = Record<keyof typeof LEFT, string>;

/** Restores a tree of ordinary files. What is written is added to them, unless they are cleared. */
function restore(changed: Partial<Files>): {
  readonly reset: readonly string[];
  readonly inUse: string | null;
  /** What was written. */
  readonly written: Partial<Files>;
} {
  const root = Deno.makeTempDirSync();
  try {
    const before: Files = { ...LEFT, ...changed };
    const files = Object.keys(before) as (keyof Files)[];
    Deno.mkdirSync(`${root}/options`);
    for (const file of files) Deno.writeTextFileSync(`${root}/${file}`, before[file]);
    const { reset, inUse } = restoreTopTracer(root, MARK);
    const written: Partial<Files> = {};
    for (const file of files) {
      const text = Deno.readTextFileSync(`${root}/${file}`);
      if (text !== before[file]) {
        written[file] = (text.startsWith(before[file]) ? text.slice(before[file].length) : text).trim();
      }
    }
    return { reset, inUse, written };
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const BUFFER = { buffer_size_kb: "1408", trace_clock: "local", tracing_on: "1" };
const ALL = {
  current_tracer: "nop",
  trace: "",
  set_ftrace_pid: "",
  set_ftrace_filter: "",
  set_graph_function: "",
  max_graph_depth: "0",
  "options/function-fork": "0",
  ...BUFFER,
};

Deno.test("a killed run's shared tracer is stopped and set back, whatever threads started and ended since", () => {
  for (const set_ftrace_pid of ["12\n13\n", "13\n12\n7777\n", "", "no pid\n"]) {
    const { written, inUse } = restore({ set_ftrace_pid });
    const { set_ftrace_pid: pids, ...rest } = written;
    const { set_ftrace_pid: _, ...wanted } = ALL;
    assert.deepEqual(rest, wanted, JSON.stringify(set_ftrace_pid));
    assert.equal(pids ?? "", "");
    assert.equal(inUse, null);
  }
});

Deno.test("nothing of the shared tracer is touched while it runs with what somebody else has set", () => {
  for (
    const changed of [
      { set_ftrace_filter: "vfs_write\n" },
      { max_graph_depth: "0\n" },
      { current_tracer: "blk\n" },
      { set_ftrace_filter: "vfs_write\n", set_ftrace_pid: "9\n" },
    ]
  ) {
    const { reset, inUse, written } = restore(changed);
    assert.deepEqual([reset, written], [[], {}], JSON.stringify(changed));
    assert.match(inUse ?? "", /^current_tracer is /);
  }
});

Deno.test("a run that was killed before the tracer was on, or after, leaves nothing set; another's filter stays", () => {
  const nop = { current_tracer: "nop\n" };
  const early = restore({ ...nop, set_graph_function: "", set_ftrace_pid: "no pid\n", max_graph_depth: "0\n" });
  assert.deepEqual(early.written, { set_ftrace_filter: "", "options/function-fork": "0", ...BUFFER });
  const late = restore({
    ...nop,
    set_ftrace_filter: "vfs_write\n",
    set_graph_function: "",
    set_ftrace_pid: "no pid\n",
    max_graph_depth: "0\n",
    "options/function-fork": "0\n",
  });
  assert.deepEqual(late.written, BUFFER);
  assert.equal(late.inUse, null);
});

Deno.test("the shared buffer is not touched while somebody records events into it", () => {
  const { written, inUse } = restore({ current_tracer: "nop\n", set_event: "sched:sched_switch\n" });
  assert.deepEqual(Object.keys(BUFFER).filter((file) => file in written), []);
  assert.match(inUse ?? "", /sched:sched_switch/);
});

Deno.test("the size of a buffer that nobody used yet is what it grows to; sizes that differ are told", () => {
  const root = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${root}/buffer_size_kb`, "7 (expanded: 1408)\n");
    assert.deepEqual(readTopState(root), { tracing_on: 1, buffer_size_kb: 1408, trace_clock: 0 });
    Deno.writeTextFileSync(`${root}/buffer_size_kb`, "X\n");
    assert.equal(readTopState(root), null);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

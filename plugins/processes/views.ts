import type { Expr, Field, ProbePoint, SondeApi, View, ViewCollector } from "../../core/plugin_api/mod.ts";

/** A field of an event with the expression it is read by. */
interface EventField extends Field {
  readonly expr: Expr;
}

const EXEC: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_process_exec" };
const EXIT: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_process_exit" };
const FORK: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_process_fork" };

/**
 * The collectors `process.exec`, `process.exit` and `process.fork`: scheduler tracepoints with what the task tells
 * (fields of `struct task_struct`, include/linux/sched.h, by type information).
 */
export function processViews(sonde: SondeApi): ViewCollector[] {
  const { calculate, callOf, fieldRef, test } = sonde.query;
  const of = (name: string, type: Field["type"], doc: string, expr: Expr): EventField => ({
    ...sonde.data.field(name, type, doc),
    expr,
  });
  const builtin = (name: string, type: Field["type"], doc: string): EventField =>
    of(name, type, doc, fieldRef(name, type));
  const common = [
    builtin("time", "time", "When"),
    builtin("pid", "pid", "Process"),
    builtin("ppid", "pid", "Parent"),
    builtin("comm", "string", "Command name"),
    // real_parent is the thread that forked; its group leader has the process's name.
    of("parent_comm", "string", "Command name of the parent", fieldRef("task.real_parent.group_leader.comm", "string")),
  ];
  // The clock of task_struct.start_time is the monotonic one.
  const born = fieldRef("task.group_leader.start_time", "duration", true);
  const age = calculate("-", fieldRef("ktime", "duration"), born, "duration");
  // Threads that are gone are in the signal struct, the one that ends still in its own fields. Not sum_exec_runtime,
  // though it is exact while a task runs: at exit it lags by what ran since it was last brought up to date.
  const cpu = ["task.signal.utime", "task.signal.stime", "task.utime", "task.stime"]
    .map((name) => fieldRef(name, "duration", true))
    .reduce((sum, part) => calculate("+", sum, part, "duration", true));

  const view = (
    name: string,
    doc: string,
    probe: ProbePoint,
    fields: readonly EventField[],
    filters: readonly Expr[] = [],
  ): ViewCollector => ({
    kind: "view",
    name,
    doc,
    params: [],
    window: "stream",
    fields: fields.map(({ expr: _, ...f }) => f),
    view: (): View => ({
      source: { kind: "event", probes: [probe] },
      filters,
      fields: fields.map(({ name, expr }) => ({ name, expr })),
    }),
  });

  return [
    view("process.exec", "A process starts a program", EXEC, [
      ...common,
      builtin("uid", "int", "User"),
      of("filename", "string", "Program", fieldRef("args.filename", "string")),
      of("args", "string", "Command line, arguments joined by spaces", callOf("argv", [], "string")),
    ]),
    view("process.exit", "A process ends", EXIT, [
      ...common,
      of("lifetime", "duration", "Time since it was forked", age),
      of(
        "cpu",
        "duration",
        "CPU time of its threads, by clock ticks: right on average, coarse for one short life",
        cpu,
      ),
      of("exit_code", "int", "Wait status: code << 8 | signal", fieldRef("task.exit_code", "int")),
      // Threads end by the same tracepoint; the process ends with its main thread.
    ], [test("==", fieldRef("task.tgid", "int"), fieldRef("task.pid", "int"))]),
    view("process.fork", "A process or thread is created", FORK, [
      ...common,
      of("child_comm", "string", "Command name it starts with", fieldRef("args.child_comm", "string")),
      of("child", "tid", "The new thread, in the initial pid namespace", fieldRef("args.child_pid", "tid")),
    ]),
  ];
}

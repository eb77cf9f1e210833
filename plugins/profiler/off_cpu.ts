import type { Expr, Field, NamedExpr, ProbePoint, SondeApi, View, ViewCollector } from "../../core/plugin_api/mod.ts";

const SWITCH: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_switch" };

const WAKING: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_waking" };

/**
 * Why a thread left the CPU, by the bits of `prev_state` of `sched_switch` (TASK_* of include/linux/sched.h; without
 * any of them it could have run on), the first that applies.
 */
const REASONS: readonly (readonly [bits: bigint, name: string])[] = [
  [0x02n, "uninterruptible"],
  [0x01n, "sleep"],
  [0x0cn, "stopped"],
  [0x30n, "exit"],
  [0x40n, "parked"],
  [0x80n, "idle"],
];

/**
 * The collector `offcpu.stacks`: each time that a thread was off the CPU, from the switch away from it to the switch to
 * it, with the stack on which it went and who woke it. A thread is woken once at most before it runs: later wakes find
 * nothing to do and are not traced (try_to_wake_up() of kernel/sched/core.c). A wake that comes while it is still on its
 * way off the CPU is before the switch, and not seen.
 */
export function offCpuStacks(sonde: SondeApi): ViewCollector {
  const { calculate, callOf, fieldRef, literal, test } = sonde.query;
  const state = fieldRef("start.args.prev_state", "int");
  const reason = REASONS.reduceRight<Expr>(
    (otherwise, [bits, name]) =>
      callOf("if", [
        test("!=", calculate("&", state, literal(bits), "int"), literal(0)),
        literal(name),
        otherwise,
      ], "string"),
    literal("runnable"),
  );
  const { field } = sonde.data;
  const fields: readonly (Field & { readonly expr: Expr })[] = [
    { ...field("time", "time", "When it left the CPU"), expr: fieldRef("start.time", "time") },
    { ...field("pid", "pid", "Process"), expr: fieldRef("start.pid", "pid") },
    { ...field("tid", "tid", "Thread"), expr: fieldRef("start.tid", "tid") },
    { ...field("comm", "string", "Name of the thread"), expr: fieldRef("start.comm", "string") },
    { ...field("duration", "duration", "How long it was off the CPU"), expr: fieldRef("duration", "duration") },
    {
      ...field(
        "reason",
        "string",
        "sleep; uninterruptible (disk, locks of the kernel); runnable (preempted, or it yielded); stopped, exit, parked, idle",
      ),
      expr: reason,
    },
    {
      ...field(
        "waker",
        "string",
        "Name of the thread that woke it; of a wake in an interrupt, whatever ran there (swapper/N: an idle CPU). Null: preempted, or none was seen",
      ),
      expr: fieldRef("mark.comm", "string"),
    },
    {
      ...field("waker_pid", "pid", "Process of the waker; 0: an idle CPU. Null as `waker`"),
      expr: fieldRef("mark.pid", "pid"),
    },
    {
      ...field("stack", "stack", "Where it left: user frames, kernel frames on top"),
      expr: fieldRef("start.stack", "stack"),
    },
    { ...field("kstack", "stack", "Kernel frames"), expr: fieldRef("start.kstack", "stack") },
    { ...field("ustack", "stack", "User frames"), expr: fieldRef("start.ustack", "stack") },
  ];
  return {
    kind: "view",
    name: "offcpu.stacks",
    doc: "Times that threads were off the CPU, why, and where in the code they left it",
    params: [
      { name: "pid", type: "pid", default: 0, doc: "Only this process; 0: all" },
      { name: "tid", type: "tid", default: 0, doc: "Only this thread; 0: all" },
    ],
    window: "stream",
    fields: fields.map(({ expr: _, ...f }) => f),
    view({ pid, tid }): View {
      const only = (name: string, type: "pid" | "tid", value: unknown): Expr[] =>
        Number(value) === 0 ? [] : [test("==", fieldRef(name, type), literal(Number(value), type))];
      return {
        source: {
          kind: "pair",
          starts: [SWITCH],
          ends: [SWITCH],
          startKey: [fieldRef("args.prev_pid", "tid")],
          endKey: [fieldRef("args.next_pid", "tid")],
          cancels: [],
          cancelKey: [],
          // Told on the CPU of the waker, where sched_wakeup comes from that of the woken.
          marks: [WAKING],
          markKey: [fieldRef("args.pid", "tid")],
          maxInFlight: 16_384,
        },
        filters: [
          // The idle task of each CPU waits for nothing.
          test("!=", fieldRef("start.args.prev_pid", "tid"), literal(0, "tid")),
          ...only("start.pid", "pid", pid),
          ...only("start.tid", "tid", tid),
        ],
        fields: fields.map(({ name, expr }): NamedExpr => ({ name, expr })),
      };
    },
  };
}

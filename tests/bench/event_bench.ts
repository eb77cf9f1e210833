import { bpftraceRun } from "../bpftrace_oracle.ts";
import { getppidLoop } from "./getppid_loop.ts";
import type { Tracer } from "./tracer.ts";
import { interrupt, sondeAttached, untilAttached } from "./until_attached.ts";
import { versus } from "./versus.ts";

/** The same question twice, and how many programs ours takes. */
interface Pair {
  readonly name: string;
  readonly goal: number;
  readonly recipe: string;
  readonly programs: number;
  readonly bpftrace: string;
}

const ENTER = "tracepoint:syscalls:sys_enter_getppid";
const EXIT = "tracepoint:syscalls:sys_exit_getppid";

const PAIRS: readonly Pair[] = [
  {
    name: "count",
    goal: 0.6,
    recipe: `collect ${ENTER} for 60s | aggregate count()`,
    programs: 1,
    bpftrace: `${ENTER} { @ = count(); }`,
  },
  {
    name: "rejecting filter",
    goal: 0.6,
    recipe: `collect ${ENTER} for 60s | filter pid == 1 | aggregate count()`,
    programs: 1,
    bpftrace: `${ENTER} /pid == 1/ { @ = count(); }`,
  },
  {
    name: "count by comm",
    goal: 0.6,
    recipe: `collect ${ENTER} for 60s | aggregate count() by comm`,
    programs: 1,
    bpftrace: `${ENTER} { @[comm] = count(); }`,
  },
  {
    name: "enter to exit, histogram",
    goal: 0.8,
    recipe: "collect calls syscall:getppid for 60s | aggregate hist(duration)",
    programs: 2,
    bpftrace: `${ENTER} { @start[tid] = nsecs; }
      ${EXIT} /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }`,
  },
  {
    name: "count by kernel stack",
    goal: 1,
    recipe: `collect ${ENTER} for 60s | aggregate count() by kstack`,
    programs: 1,
    bpftrace: `${ENTER} { @[kstack] = count(); }`,
  },
];

/**
 * What one event costs: ns added to a call of getppid. Before and after each measurement a call is timed with nothing
 * attached, and the mean of the two is taken off.
 *
 * @param wanted part of the names of the pairs to run; all when empty
 */
export async function eventBench(
  sonde: string,
  tracers: readonly Tracer[],
  rounds: number,
  wanted: string,
): Promise<void> {
  await using loop = await getppidLoop();
  for (const pair of PAIRS.filter((p) => p.name.includes(wanted))) {
    const ours: number[] = [];
    const others: Record<string, number[]> = Object.fromEntries(tracers.map((t) => [t.name, []]));
    let before = await loop.callNs();
    const added = async (run: (work: () => Promise<void>) => Promise<unknown>): Promise<number> => {
      let during = NaN;
      await run(async () => {
        during = await loop.callNs();
      });
      const after = await loop.callNs();
      const ns = during - (before + after) / 2;
      before = after;
      return ns;
    };
    for (let i = 0; i < rounds; i++) {
      ours.push(await added((work) => whileSonde(sonde, pair, work)));
      for (const t of tracers) {
        others[t.name].push(await added((work) => bpftraceRun(pair.bpftrace, { newest: t.newest, work })));
      }
    }
    versus(`an event, ${pair.name}`, "ns", pair.goal, ours, others);
  }
}

async function whileSonde(sonde: string, { recipe, programs }: Pair, work: () => Promise<void>): Promise<void> {
  const child = new Deno.Command(sonde, { args: ["run", "-e", recipe], stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  try {
    await untilAttached(child, sondeAttached(programs), performance.now());
    await work();
  } finally {
    await interrupt(child);
  }
}

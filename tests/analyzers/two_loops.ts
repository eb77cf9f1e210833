import { openHost } from "../../core/host/mod.ts";
import { kill } from "../../core/sys/mod.ts";

const SIGCONT = 18, SIGSTOP = 19, SIGKILL = 9;
const host = openHost();

/** Before Linux 5.16 `wchan` of x86-64 says nothing where the kernel has no frame pointers. */
const [major, minor] = Deno.osRelease().split(".").map(Number);
const HAS_WCHAN = major > 5 || major === 5 && minor >= 16;

/** Two loops that share the first CPU: whenever one runs, the other waits. They are stopped. */
export interface TwoLoops extends AsyncDisposable {
  readonly pids: readonly [number, number];
  /** Lets them run until each has got the CPU so often; then they are stopped again. */
  run(times: number): Promise<void>;
}

/** `/proc/PID/schedstat`: time on a CPU, time on the run queue (both ns), times it got the CPU. */
export function schedstat(pid: number): { readonly cpu: number; readonly delay: number; readonly runs: number } {
  const [cpu, delay, runs] = Deno.readTextFileSync(`/proc/${pid}/schedstat`).trim().split(" ").map(Number);
  return { cpu, delay, runs };
}

/** Waits until a condition holds, looking at the kernel's state again and again. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Stopped and off the CPU: on its way there a task is in state T too, but waits and runs once more. */
export function isStopped(pid: number): boolean {
  return host.threadState(pid, pid) === "T" && (!HAS_WCHAN || host.wchan(pid) !== null);
}

/** Starts them: a process group of their own, the first's number, stops and goes on as one. */
export async function twoLoops(): Promise<TwoLoops> {
  const loop = "while :; do :; done";
  const child = new Deno.Command("setsid", { args: ["taskset", "-c", "0", "sh", "-c", `sh -c '${loop}' & ${loop}`] })
    .spawn();
  const { pid } = child;
  const children = (): number[] => host.pids().filter((one) => host.processStat(one)?.ppid === pid);
  await until(() => children().length === 1 && schedstat(children()[0]).cpu > 0);
  const pids = [pid, children()[0]] as const;
  const stop = async (): Promise<void> => {
    kill(-pid, SIGSTOP);
    await until(() => pids.every(isStopped));
  };
  await stop();
  return {
    pids,
    async run(times) {
      const before = pids.map(schedstat);
      kill(-pid, SIGCONT);
      await until(() => pids.every((one, i) => schedstat(one).runs - before[i].runs >= times));
      await stop();
    },
    async [Symbol.asyncDispose]() {
      kill(-pid, SIGKILL);
      await child.status;
    },
  };
}

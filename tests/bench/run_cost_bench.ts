import { compileC } from "../compile_c.ts";
import { getppidLoop } from "./getppid_loop.ts";
import { alternate } from "./measure.ts";
import type { Tracer } from "./tracer.ts";
import { versus } from "./versus.ts";

const WINDOW_S = 3;
const RECIPE = `collect tracepoint:syscalls:sys_enter_getppid for ${WINDOW_S}s | aggregate count() by comm`;
const PROGRAM = `tracepoint:syscalls:sys_enter_getppid { @[comm] = count(); } interval:s:${WINDOW_S} { exit(); }`;

/** Runs a command and says what it and its children used: ms of CPU, and the largest resident set in KiB. */
const SOURCE = `
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct rusage r;
  int status;
  pid_t child = fork();
  if (child == 0) { freopen("/dev/null", "w", stdout); freopen("/dev/null", "w", stderr); execvp(argv[1], argv + 1); _exit(127); }
  wait4(child, &status, 0, &r);
  printf("%f %ld\\n", (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3, r.ru_maxrss);
  return status != 0;
}
`;

/** CPU and memory of a whole run with a window of 3 s, over a process that does nothing but system calls. */
export async function runCostBench(sonde: string, tracers: readonly Tracer[], rounds: number): Promise<void> {
  const dir = await Deno.makeTempDir();
  const helper = `${dir}/run_cost`;
  if (!await compileC(SOURCE, helper, ["-w"])) throw new Error("No C compiler here: install gcc");
  await using loop = await getppidLoop();
  const memory: Record<string, number[]> = {};
  const cost = (name: string, command: string, args: readonly string[]): () => Promise<number> => async () => {
    let text = "";
    await loop.during(async () => {
      const { success, stdout } = await new Deno.Command(helper, { args: [command, ...args], stdin: "null" }).output();
      if (!success) throw new Error(`${command} failed`);
      text = new TextDecoder().decode(stdout);
    });
    const [cpuMs, rssKiB] = text.trim().split(" ").map(Number);
    (memory[name] ??= []).push(rssKiB / 1024);
    return cpuMs;
  };
  try {
    const runs = { sonde: cost("sonde", sonde, ["run", "-e", RECIPE]) } as Record<string, () => Promise<number>>;
    for (const t of tracers) runs[t.name] = cost(t.name, t.command, [...t.args, "-e", PROGRAM]);
    const { sonde: ours, ...others } = await alternate(rounds, runs);
    versus(`CPU of a run of ${WINDOW_S} s`, "ms", 0.6, ours, others);
    const { sonde: oursMiB, ...othersMiB } = memory;
    versus("largest resident set of it", "MiB", 0.6, oursMiB, othersMiB);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

import { alternate } from "./measure.ts";
import type { Tracer } from "./tracer.ts";
import { interrupt, sondeAttached, untilAttached } from "./until_attached.ts";
import { versus } from "./versus.ts";

const RECIPE = "collect raw_tracepoint:sys_enter for 1s | filter pid != 0 | aggregate count() by comm";
const PROGRAM = "tracepoint:raw_syscalls:sys_enter /pid != 0/ { @[comm] = count(); }";

/**
 * From exec to attached, of a one-liner: cold with an empty folder for what is kept between runs, warm with what a run
 * before has left there.
 *
 * @param sonde its launcher
 * @param tracers to compare with
 */
export async function attachBench(sonde: string, tracers: readonly Tracer[], rounds: number): Promise<void> {
  const kept = await Deno.makeTempDir();
  const empty = await Deno.makeTempDir();
  // Whatever keeps things between runs keeps them under the base directory's variable.
  const ours = (cache: string): Promise<number> => time(sonde, ["run", "-e", RECIPE], sondeAttached(), cache);
  try {
    const cold = async (): Promise<number> => {
      await Deno.remove(empty, { recursive: true });
      await Deno.mkdir(empty);
      return await ours(empty);
    };
    const runs: Record<string, () => Promise<number>> = { cold, warm: () => ours(kept) };
    for (const t of tracers) runs[t.name] = () => time(t.command, [...t.args, "-e", PROGRAM], t.attached);
    // The first run fills the folder, and the page cache of all.
    for (const run of Object.values(runs)) await run();
    const { cold: coldMs, warm, ...others } = await alternate(rounds, runs);
    versus("exec to attached, cold", "ms", 1, coldMs, others);
    versus("exec to attached, warm", "ms", 0.5, warm, others);
  } finally {
    await Deno.remove(kept, { recursive: true });
    await Deno.remove(empty, { recursive: true });
  }
}

/** Time until a process has attached, in ms; it is interrupted then. */
async function time(
  command: string,
  args: readonly string[],
  sign: Tracer["attached"],
  cache?: string,
): Promise<number> {
  // Deno's own cache, of the program text, is no part of the question.
  const env: Record<string, string> = cache === undefined ? {} : { XDG_CACHE_HOME: cache, DENO_DIR: denoDir() };
  const start = performance.now();
  const child = new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null", stdin: "null", env })
    .spawn();
  try {
    return await untilAttached(child, sign, start);
  } finally {
    await interrupt(child);
  }
}

/** Where Deno keeps what it has compiled. */
function denoDir(): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${caches}/deno`;
}

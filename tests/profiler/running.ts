import type { Workload } from "./workload.ts";

/** A workload that runs; killed, and its files removed, at the end of the block. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
}

/** Builds and starts a workload, and waits until it works. @returns why not, as text */
export async function start(workload: Workload): Promise<Running | string> {
  const dir = await Deno.makeTempDir();
  const remove = (): Promise<void> => Deno.remove(dir, { recursive: true });
  const command = await workload.prepare(dir);
  if (typeof command === "string") {
    await remove();
    return command;
  }
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    // V8 leaves a log where it runs.
    cwd: dir,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (done) {
    await child.status;
    await remove();
    throw new Error(`${command.join(" ")} ended at once`);
  }
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await reader.cancel();
      await child.status;
      await Deno.remove(`/tmp/perf-${child.pid}.map`).catch(() => {});
      await remove();
    },
  };
}

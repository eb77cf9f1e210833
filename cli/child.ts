import { UsageError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";

/** A command that has been started but waits before its first instruction. */
export interface StoppedChild {
  readonly pid: number;
  /** Lets it run. Calls after the first do nothing. */
  go(): void;
  /** Ends it where it stands. */
  kill(): void;
  readonly status: Promise<{ readonly code: number }>;
}

/**
 * Starts a command with our standard streams and stops it before it is executed, so that it can be measured from its
 * first instruction. A shell stops itself, then becomes the command: the words are handed over as arguments and are
 * never part of a script. What ./sonde sets for our runtime is not the command's.
 *
 * @param env added to our environment for it
 * @throws {UsageError} when there is no shell to start it
 */
export async function startStopped(
  words: readonly string[],
  host: Host,
  env: Readonly<Record<string, string>> = {},
): Promise<StoppedChild> {
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command("/bin/sh", {
      args: ["-c", 'unset DENO_NO_UPDATE_CHECK; kill -STOP $$; exec "$@"', "sonde", ...words],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      env: { ...env },
    }).spawn();
  } catch (error) {
    throw new UsageError(`Cannot start "${words[0]}": ${(error as Error).message}`);
  }
  // To continue it before it has stopped would leave it stopped for good.
  while (!["T", "Z", undefined].includes(host.processStat(process.pid)?.state)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // Whoever ends us means the command too; a terminal tells both of Ctrl-C itself.
  const forward = (["SIGTERM", "SIGHUP"] as const).map((signal) => {
    const pass = (): void => {
      try {
        process.kill(signal);
      } catch (error) {
        // It has ended.
        if (!(error instanceof TypeError)) throw error;
      }
    };
    Deno.addSignalListener(signal, pass);
    return () => Deno.removeSignalListener(signal, pass);
  });
  process.status.then(() => forward.forEach((stop) => stop()));
  let going = false;
  return {
    pid: process.pid,
    go() {
      if (going) return;
      going = true;
      process.kill("SIGCONT");
    },
    kill: () => process.kill("SIGKILL"),
    status: process.status.then((s) => ({ code: s.signal ? 128 + (SIGNAL_NUMBERS[s.signal] ?? 0) : s.code })),
  };
}

/** Numbers of the signals that commonly end a command (signal(7)). */
const SIGNAL_NUMBERS: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

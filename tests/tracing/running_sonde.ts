import { SONDE } from "../cli/sonde.ts";

/** A sonde that runs. */
export interface RunningSonde {
  readonly pid: number;
  /** How it ended, and what it said. */
  readonly ended: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Whether it has ended. */
  over(): boolean;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: Deno.Signal): void;
  /** Waits until it holds a link to a program, or a perf event: then it measures. @returns false when it ended before */
  attached(): Promise<boolean>;
  /** Whether it holds such a thing now. */
  holdsProbes(): boolean;
}

/** Starts one. */
export function startSonde(args: readonly string[]): RunningSonde {
  const child = new Deno.Command(SONDE, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let over = false;
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const ended = child.output().then(({ code, stdout, stderr }) => {
    over = true;
    return { code, out: text(stdout), err: text(stderr) };
  });
  const holdsProbes = (): boolean =>
    descriptors(child.pid).some((d) => /^anon_inode:(bpf_link|bpf-raw-tracepoint|\[perf_event\])/.test(d));
  return {
    pid: child.pid,
    ended,
    holdsProbes,
    over: () => over,
    kill(signal): void {
      try {
        child.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    },
    async attached(): Promise<boolean> {
      while (!over) {
        if (holdsProbes()) return true;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return false;
    },
  };
}

/** What a process's descriptors lead to; empty when it is gone. */
function descriptors(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].flatMap(({ name }) => {
      try {
        return [Deno.readLinkSync(`/proc/${pid}/fd/${name}`)];
      } catch {
        // It was closed between the listing and the look.
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** Whether a process is there, and has not ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

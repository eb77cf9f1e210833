/** Kinds of descriptors that show a program is attached, and how many of them a process holds then. */
export interface AttachedSign {
  readonly kind: RegExp;
  readonly count: number;
}

/** What sonde holds for `programs` programs on raw tracepoints. */
export function sondeAttached(programs = 1): AttachedSign {
  return { kind: /bpf_link|bpf-raw-tracepoint/, count: programs };
}

/**
 * What bpftrace holds once it has attached to one tracepoint: a perf event for it; before 0.21 there is one for the
 * buffer of each CPU already.
 */
export function bpftraceAttached(version: string): AttachedSign {
  const [major, minor] = version.split(".").map(Number);
  const buffers = major === 0 && minor < 21 ? navigator.hardwareConcurrency : 0;
  return { kind: /\[perf_event\]/, count: buffers + 1 };
}

/**
 * Waits until a process holds what a sign names.
 *
 * @returns how long that took since `start`, in ms
 * @throws {Error} when it ends first
 */
export async function untilAttached(child: Deno.ChildProcess, sign: AttachedSign, start: number): Promise<number> {
  let done = false;
  child.status.then(() => done = true);
  while (!done) {
    if (descriptorsOf(child.pid).filter((d) => sign.kind.test(d)).length >= sign.count) {
      return performance.now() - start;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`A tracer (process ${child.pid}) ended before it attached anything`);
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const held: string[] = [];
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      try {
        held.push(Deno.readLinkSync(`${folder}/${name}`));
      } catch (error) {
        // It was closed between the listing and the look.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  } catch (error) {
    // The process has ended, or its folder is closed to us for the moment of an exec.
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return held;
}

/** Interrupts a tracer until it ends: bpftrace overlooks a signal that comes before its loop has begun. */
export async function interrupt(child: Deno.ChildProcess): Promise<void> {
  const again = setInterval(() => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended by itself.
    }
  }, 50);
  try {
    await child.status;
  } finally {
    clearInterval(again);
  }
}

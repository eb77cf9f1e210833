/** From exec to attached: the kernel-slice one-liner against bpftrace, cold (no plan cache). */
import { alternate, line, median } from "./measure.ts";

const ROUNDS = 7;

/**
 * Time until a process has attached, in ms; it is interrupted then.
 *
 * @param attached whether it has, by the descriptors it holds
 */
async function untilAttached(
  command: string,
  args: string[],
  attached: (descriptors: readonly string[]) => boolean,
): Promise<number> {
  const start = performance.now();
  const child = new Deno.Command(command, { args, stdout: "null", stderr: "null", stdin: "null" }).spawn();
  const ended = child.status;
  let done = false;
  ended.then(() => done = true);
  let at = NaN;
  while (!done && Number.isNaN(at)) {
    if (attached(descriptorsOf(child.pid))) at = performance.now() - start;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (!done) child.kill("SIGINT");
  await ended;
  if (Number.isNaN(at)) throw new Error(`${command} ended before it attached anything`);
  return at;
}

function descriptorsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return [...Deno.readDirSync(folder)].map((fd) => Deno.readLinkSync(`${folder}/${fd.name}`));
  } catch (error) {
    // A descriptor was closed between the listing and the look, or the process ended: look again.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A raw tracepoint's link. */
const linked = (descriptors: readonly string[]): boolean =>
  descriptors.some((d) => /bpf_link|bpf-raw-tracepoint/.test(d));

/** bpftrace opens a perf event for each CPU's buffer first, then one for the tracepoint. */
const perfAttached = (descriptors: readonly string[]): boolean =>
  descriptors.filter((d) => d.includes("[perf_event]")).length > navigator.hardwareConcurrency;

/** Prints the comparison. */
export async function attachBench(sonde: string): Promise<void> {
  const recipe = "collect raw_tracepoint:sys_enter for 1s | filter pid != 0 | aggregate count() by comm";
  const s = await alternate(ROUNDS, {
    sonde: () => untilAttached(sonde, ["run", "-e", recipe], linked),
    bpftrace: () =>
      untilAttached(
        "bpftrace",
        ["-e", "tracepoint:raw_syscalls:sys_enter /pid != 0/ { @[comm] = count(); }"],
        perfAttached,
      ),
  });
  const [ours, theirs] = [median(s.sonde), median(s.bpftrace)];
  line(
    "one-liner, exec to attached, cold",
    `${ours.toFixed(0)} ms`,
    "< bpftrace",
    `bpftrace ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}`,
  );
}

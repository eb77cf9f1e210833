/** From exec to attached: the kernel-slice one-liner against bpftrace, cold (no plan cache). */
import { alternate, line, median } from "./measure.ts";

const ROUNDS = 7;

/** Time until a process holds an attached BPF link, in ms; it is interrupted then. */
async function untilLinked(command: string, args: string[]): Promise<number> {
  const start = performance.now();
  const child = new Deno.Command(command, { args, stdout: "null", stderr: "null", stdin: "null" }).spawn();
  const ended = child.status;
  let done = false;
  ended.then(() => done = true);
  let at = NaN;
  while (!done && Number.isNaN(at)) {
    try {
      for (const fd of Deno.readDirSync(`/proc/${child.pid}/fd`)) {
        if (/bpf_link|bpf-raw-tracepoint/.test(Deno.readLinkSync(`/proc/${child.pid}/fd/${fd.name}`))) {
          at = performance.now() - start;
        }
      }
    } catch {
      // A descriptor was closed between the listing and the look, or the process ended: look again.
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (!done) child.kill("SIGINT");
  await ended;
  if (Number.isNaN(at)) throw new Error(`${command} ended before it attached anything`);
  return at;
}

/** Time until bpftrace runs BEGIN, which it does once everything else is attached, in ms. */
async function untilBegin(): Promise<number> {
  const start = performance.now();
  const child = new Deno.Command("bpftrace", {
    args: [
      "-e",
      'BEGIN { printf("attached\\n"); exit(); } tracepoint:raw_syscalls:sys_enter /pid != 0/ { @[comm] = count(); }',
    ],
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const decoder = new TextDecoder();
  let text = "";
  let at = NaN;
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (Number.isNaN(at) && text.includes("attached\n")) at = performance.now() - start;
  }
  await child.status;
  return at;
}

/** Prints the comparison. */
export async function attachBench(sonde: string): Promise<void> {
  const recipe = "collect raw_tracepoint:sys_enter for 1s | filter pid != 0 | aggregate count() by comm";
  const s = await alternate(ROUNDS, {
    sonde: () => untilLinked(sonde, ["run", "-e", recipe]),
    bpftrace: untilBegin,
  });
  const [ours, theirs] = [median(s.sonde), median(s.bpftrace)];
  line(
    "one-liner, exec to attached, cold",
    `${ours.toFixed(0)} ms`,
    "< bpftrace",
    `bpftrace ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}`,
  );
}

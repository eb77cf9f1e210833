import { cpuUsage } from "node:process";
import { openHost } from "../../core/host/mod.ts";
import { literal } from "../../core/query/mod.ts";
import { bpfEngine } from "../../bpf/mod.ts";
import { bin, f, stream } from "../../bpf/testing/specs.ts";
import { getppidLoop } from "./getppid_loop.ts";
import { median, quartiles } from "./measure.ts";

const WINDOW_MS = 3000;

/**
 * A flood of records of four integers (32 bytes), two for each system call of one process, through the ring: how many
 * a second, how many of them lost, and what reading them costs of one core, the whole process counted.
 */
export async function streamBench(rounds: number): Promise<void> {
  await using loop = await getppidLoop();
  const spec = stream(["raw_tracepoint:sys_enter", "raw_tracepoint:sys_exit"], {
    time: f("time", "time"),
    tid: f("tid", "tid"),
    cpu: f("cpu", "int"),
    second: f("args.1", "int"),
  }, { filter: bin("==", f("tid", "tid"), literal(BigInt(loop.pid), "tid")), ringBytes: 4 << 20 });
  const engine = bpfEngine(openHost());
  const rates: number[] = [], shares: number[] = [];
  let lost = 0;
  for (let i = 0; i < rounds; i++) {
    let rows = 0, busyNs = 0, ns = 0;
    await loop.during(async () => {
      using session = engine.open(spec);
      const start = performance.now();
      const before = cpuUsage();
      while (performance.now() < start + WINDOW_MS) {
        await session.wait(start + WINDOW_MS - performance.now());
        rows += session.drain().length;
      }
      const after = cpuUsage();
      ns = (performance.now() - start) * 1e6;
      busyNs = (after.user + after.system - before.user - before.system) * 1e3;
      lost += session.finish().quality.lost;
    });
    rates.push(rows / ns * 1e3);
    shares.push(busyNs / ns * 100);
  }
  print("stream, records of 32 bytes", rates, "M/s", "> 1 M/s");
  print("  CPU of reading them", shares, "% of a core", "< 10 %");
  console.log(`  lost in all rounds${" ".repeat(24)} ${lost}`.padEnd(71) + " goal 0");
}

function print(name: string, xs: readonly number[], unit: string, goal: string): void {
  const [low, high] = quartiles(xs).map((x) => x.toFixed(2));
  console.log(`${name.padEnd(42)} ${`${median(xs).toFixed(2)} ${unit} [${low} – ${high}]`.padEnd(28)} goal ${goal}`);
}

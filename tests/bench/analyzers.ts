/**
 * What the analyzers cost: `deno task bench:analyzers [NAME…]`. Three figures of each, in one run:
 *
 * - what an event of a loop that does nothing else takes more, alternating with and without;
 * - what the kernel measures of the programs themselves, for each event;
 * - the CPU time of Sonde, once it has started, beside a process that does nothing.
 *
 * And what `strace --bpf` adds to `find /usr`. Nothing here fails; people read it. `--rounds N`, `--idle SECONDS`.
 *
 * @module
 */
import { countCallsByBpf } from "../../cli/count_calls_by_bpf.ts";
import { runAnalyzer } from "../../bpf/analyzers.ts";
import { UnsupportedError } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import type { Analysis, AnalyzerName } from "../../core/plugin_api/mod.ts";
import { clockNs, pause } from "../../core/sys/mod.ts";
import { analyzerLoops, type EventTime } from "./analyzer_loop.ts";
import { alternate, median, quartiles } from "./measure.ts";
import { fromFileUrl } from "./paths.ts";

/** The loop whose events an analyzer sees, and by which clock they are timed. */
interface Loop {
  readonly analyzer: AnalyzerName;
  readonly what: string;
  readonly events: number;
  readonly event: string;
  /** Where an event is not the process's own work alone. */
  readonly wall?: true;
}

const LOOPS: readonly Loop[] = [
  { analyzer: "syscall_count", what: "getppids", events: 4000, event: "getppid" },
  { analyzer: "page_fault_trace", what: "touch", events: 1000, event: "page touched first" },
  { analyzer: "sched_latency", what: "switches", events: 1000, event: "wait for a byte" },
  { analyzer: "futex_contention", what: "turns", events: 1000, event: "wait on a futex" },
  { analyzer: "tcp_latency", what: "connections", events: 50, event: "connection" },
  { analyzer: "disk_io_latency", what: "disk_reads", events: 50, event: "read of 4 KiB", wall: true },
  { analyzer: "memory_alloc_trace", what: "mallocs", events: 200, event: "malloc and free" },
  { analyzer: "lock_contention", what: "reads", events: 4000, event: "read of a shared file" },
];

/** After this a Sonde has started. */
const STARTING_MS = 3000;

const host = openHost();
const numberOf = (option: string, otherwise: number): number => {
  const at = Deno.args.indexOf(option);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
};
const rounds = numberOf("--rounds", 7);
const idleSeconds = numberOf("--idle", 20);
const wanted = Deno.args.filter((a, i) => !a.startsWith("--") && !Deno.args[i - 1]?.startsWith("--"));
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

/** Runs an analyzer while something is done. */
async function during(name: AnalyzerName, pid: number, work: () => Promise<void>): Promise<Analysis> {
  const enough = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runAnalyzer(host, name, { pid, durationNs: 3600e9, signal: enough.signal, onReady: ready.resolve });
  await Promise.race([ready.promise, running]);
  try {
    await work();
  } finally {
    enough.abort();
  }
  return await running;
}

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
const ns = (x: number): string => x < 10_000 ? `${x.toFixed(0)} ns` : `${(x / 1000).toFixed(1)} µs`;

const folder = await Deno.makeTempDir({ prefix: "sonde_bench_", dir: "/var/tmp" });
try {
  console.log(`load of this machine: ${Deno.loadavg()[0].toFixed(1)} on ${navigator.hardwareConcurrency} CPUs`);
  const start = await analyzerLoops(folder);
  for (const loop of LOOPS.filter((l) => isWanted(l.analyzer))) {
    await using process = start(loop.what, loop.events);
    const timeOf = (t: EventTime): number => loop.wall ? t.wallNs : t.cpuNs;
    const own: number[] = [];
    const ratios: number[] = [];
    const added: number[] = [];
    const bare: number[] = [];
    await process.run();
    try {
      for (let i = 0; i < rounds; i++) {
        const before = timeOf(await process.run());
        let within = NaN;
        const { quality } = await during(loop.analyzer, process.pid, async () => {
          within = timeOf(await process.run());
        });
        const after = timeOf(await process.run());
        bare.push((before + after) / 2);
        added.push(within - (before + after) / 2);
        ratios.push(within / ((before + after) / 2));
        own.push(quality.cost.probe_ns / Math.max(1, quality.events));
      }
      const idle = await idleCpu(loop.analyzer, process.pid);
      const [low, high] = quartiles(added);
      console.log(
        `${loop.analyzer}: a ${loop.event} takes ${ns(median(bare))}, with it ${ns(median(added))} more ` +
          `[${ns(low)}–${ns(high)}], ${median(ratios).toFixed(2)} times; its programs ${ns(median(own))} an event; ` +
          `idle ${percent(idle)} of a CPU (goal < 0.5 %)`,
      );
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      console.log(`${loop.analyzer}: ${error.message}`);
    }
  }
  if (isWanted("strace")) await straceBench();
} finally {
  await Deno.remove(folder, { recursive: true });
}

/**
 * CPU time of Sonde beside a process that waits, of one CPU: of a Sonde of its own, once it has started, as here the rounds
 * before would count with it.
 */
async function idleCpu(name: AnalyzerName, pid: number): Promise<number> {
  const args = ["analyze", name, "--pid", String(pid), "--for", `${idleSeconds + 2 * STARTING_MS / 1000}s`, "--json"];
  const sonde = new Deno.Command(fromFileUrl("../../sonde"), { args, stdin: "null", stdout: "null" }).spawn();
  const wait = (ms: number): Promise<void> => pause(ms, new AbortController().signal);
  await wait(STARTING_MS);
  const before = processCpuNs(sonde.pid);
  await wait(idleSeconds * 1000);
  const spent = processCpuNs(sonde.pid) - before;
  if (!(await sonde.status).success) throw new Error(`sonde analyze ${name} failed`);
  return spent / (idleSeconds * 1e9);
}

/** CPU time of another process so far, ended threads included: its clock (make_process_cpuclock in the kernel's posix-timers.h). */
function processCpuNs(pid: number): number {
  const CPUCLOCK_SCHED = 2;
  return clockNs((~pid << 3) | CPUCLOCK_SCHED);
}

/** `find /usr` alone, counted by BPF, and by the command with its start. */
async function straceBench(): Promise<void> {
  const clock = `${folder}/clock`;
  // Its own clock: what is detached when it has ended is not its time.
  const words = ["sh", "-c", 'date +%s%N > "$0"; find /usr > /dev/null; date +%s%N >> "$0"', clock];
  const ownMs = (): number => {
    const [begin, end] = Deno.readTextFileSync(clock).trim().split("\n").map(BigInt);
    return Number(end - begin) / 1e6;
  };
  const quiet = (command: string, args: readonly string[]): Promise<unknown> =>
    new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null", stdin: "null" }).output();
  const alone = (): Promise<unknown> => quiet(words[0], words.slice(1));
  await alone();
  const samples = await alternate(rounds, {
    bare: async () => {
      await alone();
      return ownMs();
    },
    counted: async () => {
      await countCallsByBpf(host, { words, pids: [], signal: new AbortController().signal });
      return ownMs();
    },
    command: async () => {
      const begin = performance.now();
      await quiet(fromFileUrl("../../sonde"), ["strace", "--bpf", "--", ...words]);
      return performance.now() - begin;
    },
  });
  const bare = median(samples.bare);
  const of = (name: string): string => {
    const ratios = samples[name].map((ms, i) => ms / samples.bare[i]);
    const [low, high] = quartiles(ratios).map((r) => r.toFixed(2));
    return `${median(samples[name]).toFixed(0)} ms, ${median(ratios).toFixed(2)} times [${low}–${high}]`;
  };
  console.log(
    `strace --bpf: find /usr alone ${bare.toFixed(0)} ms; counted, without Sonde's start ${of("counted")} ` +
      `(goal 1.3); the whole command ${of("command")}`,
  );
}

import { openHost } from "../../core/host/mod.ts";
import { type CpuSampler, cpuSampler, prepareSignalSampling } from "../../core/profile/mod.ts";
import { ptraceSampler } from "../../core/profile/ptrace_sampler.ts";
import { childrenCpuNs, ownCpuNs } from "../../core/sys/mod.ts";
import { bpfCpuSampler } from "../../bpf/cpu_sampler.ts";
import { hotProgram } from "../hot_program.ts";
import { median, quartiles } from "./measure.ts";

/** What one run took: CPU time of the program and of who sampled it, wall time of the program; ns. */
interface Cost {
  readonly target: number;
  readonly tool: number;
  readonly wall: number;
  readonly samples: number;
}

/**
 * What each sampler costs: CPU time of its own, and by how much a fixed piece of work becomes slower, beside `perf record`.
 * Every round runs all of them once, in turn, and the program alone.
 *
 * @param frequencies Hz
 * @param work rounds of `hot_program.ts`: 20,000 take about a second
 */
export async function samplerCosts(rounds: number, frequencies: readonly number[], work = 20_000): Promise<void> {
  await using program = await hotProgram(["-O2", "-fomit-frame-pointer"]);
  if (!program) throw new Error("There is no gcc");
  const host = openHost();
  // What is read once of kernel and libraries serves all profiles: the first round, which reads it, is not counted.
  const [perfSampler, bpf, ptrace] = [cpuSampler(host), bpfCpuSampler(host), ptraceSampler(host)];
  const data = `${program.path}.data`;
  const start = (env: Record<string, string> = {}): Deno.ChildProcess =>
    new Deno.Command(program.path, { args: ["rounds", String(work)], env, stdout: "piped", stderr: "null" }).spawn();
  const finish = async (child: Deno.ChildProcess): Promise<{ target: number; wall: number }> => {
    const began = performance.now();
    const text = new TextDecoder().decode((await child.output()).stdout);
    return { target: Number(text.trim().split("\n").at(-1)), wall: (performance.now() - began) * 1e6 };
  };
  const alone = async (): Promise<Cost> => ({ ...await finish(start()), tool: 0, samples: 0 });
  const ours = async (sample: CpuSampler, frequencyHz: number, unwind: "auto" | "fp" = "auto"): Promise<Cost> => {
    const child = start();
    return await sampled(
      child,
      (signal) => sample({ pid: child.pid, frequencyHz, durationNs: 600e9, kernel: true, user: true, signal, unwind }),
    );
  };
  const sampled = async (
    child: Deno.ChildProcess,
    sample: (signal: AbortSignal) => ReturnType<CpuSampler>,
  ): Promise<Cost> => {
    const before = ownCpuNs();
    const ended = new AbortController();
    const [profile, run] = await Promise.all([
      sample(ended.signal),
      finish(child).finally(() => ended.abort(new DOMException("It has ended", "OperationError"))),
    ]);
    return { ...run, tool: ownCpuNs() - before, samples: profile.quality.events };
  };
  const signals = async (frequencyHz: number): Promise<Cost> => {
    using sampling = prepareSignalSampling(host, { frequencyHz });
    const child = start({ ...sampling.env });
    return await sampled(
      child,
      (signal) =>
        sampling.sample({ pid: child.pid, frequencyHz, durationNs: 600e9, kernel: false, user: true, signal }),
    );
  };
  /** Recording and the report that names functions, as our samplers name them too. */
  const perf = async (frequencyHz: number): Promise<Cost> => {
    const child = start();
    const args = [
      "record",
      "-q",
      "-e",
      "cpu-clock",
      "-F",
      String(frequencyHz),
      "-g",
      "-o",
      data,
      "-p",
      String(child.pid),
    ];
    const before = childrenCpuNs();
    const [run] = await Promise.all([
      finish(child),
      new Deno.Command("perf", { args, stdout: "null", stderr: "null" }).output(),
    ]);
    const report = await new Deno.Command("perf", { args: ["script", "-i", data, "-F", "ip,sym"], stderr: "null" })
      .output();
    const samples = new TextDecoder().decode(report.stdout).split("\n\n").length - 1;
    return { ...run, tool: childrenCpuNs() - before - run.target, samples };
  };
  for (const hz of frequencies) {
    const runs: Record<string, () => Promise<Cost>> = {
      "(alone)": alone,
      "perf record -g + perf script": () => perf(hz),
      "sonde perf, fp": () => ours(perfSampler, hz, "fp"),
      "sonde perf, auto": () => ours(perfSampler, hz),
      "sonde bpf": () => ours(bpf, hz),
      "sonde ptrace": () => ours(ptrace, hz),
      "sonde signal": () => signals(hz),
    };
    const costs: Record<string, Cost[]> = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
    for (let i = -1; i < rounds; i++) {
      for (const [name, run] of Object.entries(runs)) {
        const cost = await run();
        if (i >= 0) costs[name].push(cost);
      }
    }
    print(hz, costs);
  }
}

function print(hz: number, costs: Readonly<Record<string, readonly Cost[]>>): void {
  const base = costs["(alone)"];
  console.log(`${hz} Hz, ${base.length} rounds: medians [quartiles]; ratios are of the same round`);
  for (const [name, list] of Object.entries(costs)) {
    const slower = list.map((cost, i) => cost.target / base[i].target);
    const longer = list.map((cost, i) => cost.wall / base[i].wall);
    const each = median(list.map((c) => c.tool)) / Math.max(1, median(list.map((c) => c.samples)));
    console.log(
      `  ${name.padEnd(30)} tool ${figure(list.map((c) => c.tool / 1e6))} ms CPU (${
        (each / 1e3).toFixed(0)
      } us a sample), ` +
        `${median(list.map((c) => c.samples))} samples; target CPU x ${figure(slower, 3)}, wall x ${figure(longer, 2)}`,
    );
  }
}

function figure(values: readonly number[], digits = 0): string {
  const [low, high] = quartiles(values);
  return `${median(values).toFixed(digits)} [${low.toFixed(digits)} – ${high.toFixed(digits)}]`;
}

if (import.meta.main) {
  const [rounds = "5", work = "20000", ...frequencies] = Deno.args;
  await samplerCosts(Number(rounds), frequencies.length > 0 ? frequencies.map(Number) : [99, 997, 4999], Number(work));
}

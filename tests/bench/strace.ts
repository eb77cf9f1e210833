/**
 * The time that tracing every system call takes, beside strace's: `find` over a folder, its lines written to a file. Goal:
 * at most 0.9 of strace's. Beside it, with a filter: `strace --seccomp-bpf`, and `perf trace`. Sides in turn, medians;
 * CPU time is that of the tracer, without the command's. Nothing here fails; people read it.
 *
 * `--rounds N`, `--folder /usr`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { childrenCpuNs } from "../../core/sys/mod.ts";
import { alternate, line, median } from "./measure.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, folder: { type: "string", default: "/usr" } },
});
const rounds = Number(values.rounds);
const words = ["find", values.folder];
const sonde = fileURLToPath(new URL("../../sonde", import.meta.url));
const file = await Deno.makeTempFile();
const cpu = new Map<string, number[]>();

/** Wall time in ms; CPU time of it all is kept aside. @returns NaN when the tool is missing or fails */
async function timed(name: string, [command, ...args]: readonly string[]): Promise<number> {
  const before = childrenCpuNs();
  const begin = performance.now();
  try {
    const { success } = await new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" })
      .output();
    if (!success) return NaN;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return NaN;
    throw error;
  }
  const ms = performance.now() - begin;
  cpu.set(name, [...(cpu.get(name) ?? []), (childrenCpuNs() - before) / 1e6]);
  return ms;
}

const sides: Readonly<Record<string, readonly string[]>> = {
  "find alone": words,
  strace: ["strace", "-f", "-o", file, ...words],
  sonde: [sonde, "strace", "-f", "-o", file, "--", ...words],
  "strace -c": ["strace", "-f", "-c", "-o", file, ...words],
  "sonde -c": [sonde, "strace", "-f", "-c", "-o", file, "--", ...words],
  "strace --seccomp-bpf -e openat": ["strace", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", file, ...words],
  "sonde -e openat": [sonde, "strace", "-f", "-e", "trace=openat", "-o", file, "--", ...words],
  "perf trace": ["perf", "trace", "-o", file, ...words],
};
try {
  const samples = await alternate(
    rounds,
    Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, () => timed(name, side)])),
  );
  const ms = (name: string): number => median(samples[name].filter((v) => !isNaN(v)));
  console.log(`${words.join(" ")}, ${rounds} rounds, medians: wall, CPU of all`);
  for (const name of Object.keys(sides)) {
    const all = cpu.get(name);
    console.log(`  ${name.padEnd(32)} ${all ? `${ms(name).toFixed(0)} ms, ${median(all).toFixed(0)} ms` : "failed"}`);
  }
  const ratio = (a: string, b: string): string => (ms(a) / ms(b)).toFixed(2);
  line("strace: every call, lines to a file", `${ratio("sonde", "strace")} x`, "0.9 x", "strace -f -o");
  line("strace -c: a summary", `${ratio("sonde -c", "strace -c")} x`, "none", "strace -f -c");
  const filtered = ratio("sonde -e openat", "strace --seccomp-bpf -e openat");
  line("strace -e openat, by seccomp", `${filtered} x`, "none", "strace --seccomp-bpf");
} finally {
  await Deno.remove(file);
}

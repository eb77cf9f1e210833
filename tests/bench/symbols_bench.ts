import { bytesSource, readElf } from "../../core/symbols/mod.ts";
import { childrenCpuNs } from "../../core/sys/mod.ts";
import { line, median } from "./measure.ts";
import { fromFileUrl } from "./paths.ts";

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/**
 * Naming 100,000 different addresses of a file in random order, beside addr2line and llvm-addr2line, which are given the
 * same list. Both sides read the file. Ours: in a process that is warm, which is what a rate means, and the first time
 * in one, its start not counted. Medians; CPU time is that of all threads, garbage collection included.
 */
export async function symbolsBench(rounds: number): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const node = await copyWithoutDebug(dir);
    const cpp = await build(dir, "a.cpp", CPP, "g++", ["-g", "-O2"]);
    const rust = await build(dir, "a.rs", RUST, "rustc", ["-g", "-O"]);
    const libc = ["x86_64", "aarch64"].map((m) => `/usr/lib/${m}-linux-gnu/libc.so.6`).find(isFile);
    if (node) await compare(dir, "node without debugging information", node, "symbols", rounds);
    if (cpp) await compare(dir, "C++ program of g++ -g", cpp, "lines", rounds);
    if (cpp) await compare(dir, "C++ program of g++ -g", cpp, "inlined", rounds);
    if (rust) await compare(dir, "Rust program of rustc -g", rust, "lines", rounds);
    if (rust) await compare(dir, "Rust program of rustc -g", rust, "inlined", rounds);
    if (libc) await compare(dir, "libc with its debug file", libc, "lines", rounds);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const WHAT = {
  symbols: "names",
  lines: "names, inlined, lines",
  inlined: "names, inlined",
} as const;

async function compare(
  dir: string,
  name: string,
  file: string,
  what: keyof typeof WHAT,
  rounds: number,
): Promise<void> {
  const text = readElf(bytesSource(Deno.readFileSync(file))).sections.find((s) => s.name === ".text")!;
  const n = Math.min(ADDRESSES, text.size);
  const into = shuffled(Array.from({ length: n }, (_, i) => Math.floor(i * text.size / n)));
  const list = (name: string, base: number, count: number): string => {
    const path = `${dir}/${name}`;
    Deno.writeTextFileSync(path, into.slice(0, count).map((x) => `0x${(x + base).toString(16)}`).join("\n") + "\n");
    return path;
  };
  const offsets = list("offsets", text.offset, n);
  const tools = new Map<string, { costs: Cost[]; asked: number }>();
  const ours: { cpu: number[]; wall: number[]; frames: number }[] = [];
  const options = what === "symbols" ? "-f" : "-f -i";
  for (const tool of ["addr2line", "llvm-addr2line"]) {
    // GNU's searches all symbols for each address where there are no lines.
    tools.set(tool, { costs: [], asked: what === "symbols" && tool === "addr2line" ? Math.min(n, FEW) : n });
  }
  for (let round = 0; round < rounds; round++) {
    ours.push(await child(file, offsets, what));
    for (const [tool, { costs, asked }] of tools) {
      const ask = (count: number) => toolCost(tool, options, file, list("addresses", text.addr, count));
      const cost = await ask(asked);
      const one = cost && asked < n ? await ask(1) : cost;
      if (!cost || !one) continue;
      // What is read once counts once, whatever the number of addresses.
      const times = asked < n ? (n - 1) / (asked - 1) : 1;
      costs.push({
        cpu: one.cpu + (cost.cpu - one.cpu) * times,
        wall: one.wall + (cost.wall - one.wall) * times,
      });
    }
  }
  const warm = {
    cpu: median(ours.map((o) => median(o.cpu.slice(-WARM)))),
    wall: median(ours.map((o) => median(o.wall.slice(-WARM)))),
  };
  const first = { cpu: median(ours.map((o) => o.cpu[0])), wall: median(ours.map((o) => o.wall[0])) };
  const show = (cost: Cost): string => `${cost.cpu.toFixed(0)} ms CPU, ${cost.wall.toFixed(0)} ms`;
  line(`${name}: ${n} addresses, ${WHAT[what]}, warm`, show(warm), "-", `${ours[0].frames} frames`);
  line("  the first time in a process", show(first), "-");
  for (const [tool, { costs, asked }] of tools) {
    if (costs.length === 0) {
      line(`  no ${tool} here`, "-", "20 times");
      continue;
    }
    const theirs = { cpu: median(costs.map((c) => c.cpu)), wall: median(costs.map((c) => c.wall)) };
    const scaled = asked < n ? ` (reckoned from ${asked} addresses)` : "";
    line(
      `  ${tool} ${options}`,
      `${(theirs.cpu / warm.cpu).toFixed(1)} times`,
      "20 times",
      `${show(theirs)}${scaled}; by wall ${(theirs.wall / warm.wall).toFixed(1)}; ` +
        `first time ${(theirs.cpu / first.cpu).toFixed(1)} by CPU, ${(theirs.wall / first.wall).toFixed(1)} by wall`,
    );
  }
}

async function child(
  file: string,
  offsets: string,
  what: string,
): Promise<{ cpu: number[]; wall: number[]; frames: number }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", fromFileUrl("./_symbols_child.ts"), file, offsets, `${INNER}`, what],
    stdin: "null",
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function toolCost(tool: string, options: string, file: string, addresses: string): Promise<Cost | null> {
  const fromCpu = childrenCpuNs(), fromWall = performance.now();
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `exec "$0" ${options} -e "$1" < "$2" > /dev/null`, tool, file, addresses],
    stderr: "null",
  }).output();
  return success ? { cpu: (childrenCpuNs() - fromCpu) / 1e6, wall: performance.now() - fromWall } : null;
}

/** @returns the program; null without the compiler */
async function build(
  dir: string,
  name: string,
  source: string,
  compiler: string,
  args: string[],
): Promise<string | null> {
  await Deno.writeTextFile(`${dir}/${name}`, source);
  const path = `${dir}/${name.replace(".", "_")}`;
  const { success } = await new Deno.Command(compiler, { args: [...args, "-o", path, `${dir}/${name}`] }).output()
    .catch(() => ({ success: false }));
  if (!success) line(`no ${compiler} here`, "-", "20 times");
  return success ? path : null;
}

async function copyWithoutDebug(dir: string): Promise<string | null> {
  const path = `${dir}/node`;
  const { success } = await new Deno.Command("objcopy", {
    args: ["--strip-debug", "--remove-section=.note.gnu.build-id", "/usr/bin/node", path],
  }).output().catch(() => ({ success: false }));
  if (!success) line("no /usr/bin/node or no objcopy here", "-", "20 times");
  return success ? path : null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The same order each time. */
function shuffled(values: number[]): number[] {
  for (let i = values.length - 1, x = 1; i > 0; i--) {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    const j = x % (i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

const ADDRESSES = 100_000;
const FEW = 2000;
/** Rounds in one process, and how many of them count as warm: the last. */
const INNER = 16;
const WARM = 5;

const CPP = `#include <iostream>
#include <map>
#include <regex>
#include <string>
int main(int argc, char **argv) {
  std::map<std::string, int> m;
  for (int i = 0; i < argc; i++) m[argv[i]]++;
  std::regex r(argv[0]);
  std::cout << std::regex_match("aa", r) << m.size() << std::endl;
}
`;

const RUST = `use std::collections::HashMap;
fn main() {
    let mut m: HashMap<String, usize> = HashMap::new();
    for a in std::env::args() { *m.entry(a).or_default() += 1; }
    println!("{:?}", m);
}
`;

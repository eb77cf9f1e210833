/**
 * Names 100,000 different addresses, ours beside `addr2line`: `deno run -A core/symbols/symbolise_bench.ts [FILE…]`.
 * Both read the same file and answer function, file and line of the same addresses; then with inlined functions too.
 * Rounds alternate; a ratio is addr2line's CPU time by ours, both with reading the file (and our garbage collection).
 * Addresses come in random order.
 */
import { childrenCpuNs, ownCpuNs } from "../sys/mod.ts";
import { type ByteSource, bytesSource, loadModule, readElf } from "./mod.ts";

const ADDRESSES = 100_000;
const ROUNDS = 3;

/** A program with inlined functions and lines; null without a compiler. */
async function compile(dir: string): Promise<string | null> {
  const source = `#include <iostream>
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
  await Deno.writeTextFile(`${dir}/a.cpp`, source);
  const { success } = await new Deno.Command("g++", { args: ["-g", "-O2", "-o", `${dir}/a`, `${dir}/a.cpp`] }).output();
  return success ? `${dir}/a` : null;
}

function openDebug(path: string): ByteSource | null {
  try {
    return bytesSource(Deno.readFileSync(path));
  } catch {
    return null;
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

async function compare(file: string, dir: string): Promise<void> {
  const elf = readElf(bytesSource(await Deno.readFile(file)));
  const text = elf.sections.find((s) => s.name === ".text")!;
  const n = Math.min(ADDRESSES, text.size);
  const addresses = Array.from({ length: n }, (_, i) => text.addr + Math.floor(i * text.size / n));
  for (let i = n - 1, x = 1; i > 0; i--) {
    x = (x * 1103515245 + 12345) % 2147483648;
    const j = x % (i + 1);
    [addresses[i], addresses[j]] = [addresses[j], addresses[i]];
  }
  await Deno.writeTextFile(`${dir}/addresses`, addresses.map((a) => `0x${a.toString(16)}`).join("\n") + "\n");
  const cases: { name: string; options: string; lines: boolean }[] = [
    { name: "function, file, line, inlined", options: "-f -i", lines: true },
    { name: "functions, inlined (no lines)", options: "-f -i", lines: false },
  ];
  for (const { name, options, lines } of cases) {
    const ours: number[] = [], theirs: number[] = [];
    let named = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let from = childrenCpuNs() / 1e6;
      await new Deno.Command("sh", {
        args: ["-c", `exec addr2line ${options} -e "$1" < "$2" > /dev/null`, "sh", file, `${dir}/addresses`],
      }).output();
      theirs.push(childrenCpuNs() / 1e6 - from);
      from = ownCpuNs() / 1e6;
      named = 0;
      const module = loadModule(bytesSource(Deno.readFileSync(file)), file, openDebug);
      for (const a of addresses) {
        for (const f of module.frames(a - text.addr + text.offset, lines)) if (f.name !== "") named++;
      }
      ours.push(ownCpuNs() / 1e6 - from);
    }
    const [o, t] = [median(ours), median(theirs)];
    console.log(
      `${file} ${name}: ${n} addresses, ${named} frames, ours ${o.toFixed(0)} ms, addr2line ${t.toFixed(0)} ms, ratio ${
        (t / o).toFixed(1)
      }`,
    );
  }
}

if (import.meta.main) {
  const dir = await Deno.makeTempDir();
  try {
    const own = Deno.args.length > 0 ? null : await compile(dir);
    for (const file of own ? [own] : Deno.args) await compare(file, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

import assert from "node:assert/strict";
import { outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { type Elf, ElfError, readElf, SHF } from "./elf.ts";
import { elfFunctions, hasSymtab } from "./elf_symbols.ts";
import { symbolTable } from "./symbol_table.ts";

const DIRECTORY = "/usr/bin";
const SAMPLE = 20;

/** Programs of the machine: all where SONDE_ALL_BINARIES=1, else one in so many, the same ones each time. */
function programs(): { path: string; elf: Elf }[] {
  const all = Deno.env.get("SONDE_ALL_BINARIES") === "1";
  const names = [...Deno.readDirSync(DIRECTORY)].filter((e) => e.isFile).map((e) => e.name).sort();
  const found: { path: string; elf: Elf }[] = [];
  const step = all ? 1 : Math.max(1, Math.floor(names.length / (SAMPLE * 1.5)));
  for (let i = 0; i < names.length && (all || found.length < SAMPLE); i += step) {
    const path = `${DIRECTORY}/${names[i]}`;
    if (!all && Deno.statSync(path).size > 4 << 20) continue;
    try {
      found.push({ path, elf: readElf(bytesSource(Deno.readFileSync(path))) });
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
    }
  }
  if (!all) console.log(`${found.length} programs below 4 MiB of ${names.length} files; all with SONDE_ALL_BINARIES=1`);
  return found;
}

interface NmSymbol {
  readonly address: number;
  readonly size: number;
  readonly name: string;
}

/** Functions as `nm -S` lists them: kinds of text, weak, and indirect. */
async function nmFunctions(path: string, dynamic: boolean): Promise<NmSymbol[] | null> {
  const text = await outputOf("nm", ["-S", "--defined-only", ...(dynamic ? ["-D"] : []), path]);
  if (text === null) return null;
  return [...text.matchAll(/^([0-9a-f]{16}) (?:([0-9a-f]{16}) )?([TtWwiu]) (\S+)$/gm)].map((m) => ({
    address: parseInt(m[1], 16),
    size: m[2] ? parseInt(m[2], 16) : 0,
    name: m[4].replace(/@.*/, ""),
  }));
}

/** Names that are no functions, as `readelf -s` says. */
async function objects(path: string): Promise<Set<string>> {
  const text = await outputOf("readelf", ["-sW", path]) ?? "";
  return new Set([...text.matchAll(/ OBJECT +\S+ +\S+ +\S+ (\S+)/g)].map((m) => m[1].replace(/@.*/, "")));
}

/** Starts, middles and ends of functions, and addresses in between, spread over the code. */
function addressesOf(elf: Elf, symbols: readonly NmSymbol[]): number[] {
  const out = new Set<number>();
  const step = Math.max(1, Math.floor(symbols.length / 300));
  for (let i = 0; i < symbols.length; i += step) {
    const { address, size } = symbols[i];
    for (const into of size > 0 ? [0, size >> 1, size - 1, size] : [0]) out.add(address + into);
  }
  for (const s of elf.sections) {
    if (!(s.flags & SHF.EXECINSTR) || s.size === 0) continue;
    for (let i = 0, x = 7; i < 200; i++) {
      x = (x * 1103515245 + 12345) % 2147483648;
      out.add(s.addr + x % s.size);
    }
  }
  const code = elf.sections.filter((s) => s.flags & SHF.EXECINSTR);
  return [...out].filter((a) => code.some((s) => a >= s.addr && a < s.addr + s.size)).sort((a, b) => a - b);
}

Deno.test("programs of /usr/bin: functions are named as nm lists them, addresses as addr2line -f does up to where functions end", async () => {
  let files = 0, functions = 0, compared = 0, same = 0, alias = 0, behindEnd = 0, plt = 0;
  const wrong: string[] = [];
  for (const { path, elf } of programs()) {
    const dynamic = !hasSymtab(elf);
    const symbols = await nmFunctions(path, dynamic);
    if (symbols === null) return skip("no nm");
    const table = symbolTable(elfFunctions(elf));
    files++;
    const executable = elf.sections.filter((s) => s.flags & SHF.EXECINSTR);
    const byAddress = Map.groupBy(symbols, (s) => s.address);
    for (const s of symbols) {
      const { address, name } = s;
      if (!executable.some((x) => address >= x.addr && address < x.addr + x.size)) continue;
      functions++;
      const hit = table.find(address);
      if (hit && byAddress.get(address)!.some((s) => s.name === hit.name.replace(/@.*/, ""))) continue;
      // A label without a size inside a function is the function.
      if (hit && s.size === 0 && symbols.some((f) => f.address === hit.start && f.size > address - f.address)) continue;
      // Assembly puts tables between functions: nm goes by the section, they are objects all the same.
      if (hit === null && (await objects(path)).has(name)) continue;
      wrong.push(`${path} ${address.toString(16)} ${name}: ${hit?.name}`);
    }
    const addresses = addressesOf(elf, symbols);
    const input = addresses.map((a) => `0x${a.toString(16)}`);
    const answers: string[] = [];
    for (let i = 0; i < input.length; i += 4000) {
      const text = await outputOf("addr2line", ["-f", "-e", path, ...input.slice(i, i + 4000)]);
      if (text === null) return skip("no addr2line");
      answers.push(...text.split("\n").slice(0, -1).filter((_, line) => line % 2 === 0));
    }
    const starts = new Map<string, NmSymbol[]>();
    for (const s of symbols) starts.set(s.name, [...(starts.get(s.name) ?? []), s]);
    addresses.forEach((address, i) => {
      const theirs = answers[i].replace(/@.*/, "");
      const hit = table.find(address);
      const ours = hit?.name.replace(/@.*/, "") ?? "??";
      compared++;
      if (ours === theirs) same++;
      else if (hit?.name.endsWith("@plt") || hit?.name === "[plt]") plt++;
      else if (starts.get(theirs)?.some((s) => s.address === hit?.start)) alias++;
      // addr2line names the last function before an address, however far; a function with a size ends there.
      else if (
        starts.get(theirs)?.some((s) => s.size > 0 && s.address + s.size <= address) ||
        (hit === null && starts.get(theirs)?.some((s) => s.size === 0 && address - s.address >= 1 << 20))
      ) behindEnd++;
      else wrong.push(`${path} ${address.toString(16)}: ${ours}, addr2line says ${theirs}`);
    });
  }
  console.log(
    `${files} programs, ${functions} functions, ${compared} addresses: ${same} same, ${alias} aliases, ${behindEnd} behind the end, ${plt} stubs, ` +
      `${wrong.length} disagreements`,
  );
  assert.deepEqual(wrong.slice(0, 20), []);
  assert.ok(compared > 1000);
});

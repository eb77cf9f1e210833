import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { loadModule } from "./code_module.ts";
import { findDebugFile } from "./debug_file.ts";
import { readElf } from "./elf.ts";
import { buildId } from "./elf_notes.ts";

const PROGRAM = "static __attribute__((noinline)) int hidden(int x) { volatile int y = x; return y; }\n" +
  "int main(int argc, char **argv) { return hidden(argc); }\n";

/** Compiles, splits off the symbols into `a.debug`, strips `a`. Answers the file offset of `hidden`. */
async function stripped(dir: string, options: readonly string[]): Promise<number | null> {
  if (!await compileC(PROGRAM, `${dir}/a`, options)) return null;
  const symbol = (await outputOf("nm", [`${dir}/a`]))?.match(/^([0-9a-f]+) t hidden$/m);
  if (!symbol) return null;
  const text = readElf(bytesSource(await Deno.readFile(`${dir}/a`))).sections.find((s) => s.name === ".text")!;
  if (await outputOf("objcopy", ["--only-keep-debug", `${dir}/a`, `${dir}/a.debug`]) === null) return null;
  await outputOf("strip", [`${dir}/a`]);
  await outputOf("objcopy", [`--add-gnu-debuglink=${dir}/a.debug`, `${dir}/a`]);
  return parseInt(symbol[1], 16) - text.addr + text.offset;
}

Deno.test("a stripped file gets its names from the debug file with its build id", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const offset = await stripped(dir, ["-Wl,--build-id"]);
    if (offset === null) return skip("no gcc, nm, objcopy or strip");
    const bytes = await Deno.readFile(`${dir}/a`);
    const asked: string[] = [];
    const id = buildId(readElf(bytesSource(bytes)))!;
    const without = loadModule(bytesSource(bytes), "/opt/a", () => null);
    assert.equal(without.find(offset), null);
    assert.equal(without.full, false);
    const debug = await Deno.readFile(`${dir}/a.debug`);
    const withDebug = loadModule(bytesSource(bytes), "/opt/a", (path) => {
      asked.push(path);
      return path.includes(".build-id") ? bytesSource(debug) : null;
    });
    assert.equal(withDebug.find(offset)?.name, "hidden");
    assert.equal(withDebug.full, true);
    assert.deepEqual(asked, [`/usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("without build id the debug link is followed, and its checksum must fit", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const offset = await stripped(dir, ["-Wl,--build-id=none"]);
    if (offset === null) return skip("no gcc, nm, objcopy or strip");
    const bytes = await Deno.readFile(`${dir}/a`);
    const debug = await Deno.readFile(`${dir}/a.debug`);
    const asked: string[] = [];
    const open = (contents: Uint8Array) => (path: string) => {
      asked.push(path);
      return path.startsWith("/usr/lib/debug/opt/") ? bytesSource(contents) : null;
    };
    assert.equal(loadModule(bytesSource(bytes), "/opt/a", open(debug)).find(offset)?.name, "hidden");
    assert.deepEqual(asked, ["/opt/a.debug", "/opt/.debug/a.debug", "/usr/lib/debug/opt/a.debug"]);
    const changed = debug.slice();
    changed[changed.length - 1] ^= 1;
    assert.equal(findDebugFile(readElf(bytesSource(bytes)), "/opt/a", open(changed)), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a debug file of another build is not believed", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (await stripped(dir, ["-Wl,--build-id"]) === null) return skip("no gcc, nm, objcopy or strip");
    const elf = readElf(bytesSource(await Deno.readFile(`${dir}/a`)));
    const other = await Deno.readFile("/bin/ls");
    assert.equal(findDebugFile(elf, "/opt/a", () => bytesSource(other)), null);
    assert.equal(findDebugFile(elf, "/opt/a", () => bytesSource(new Uint8Array(100))), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

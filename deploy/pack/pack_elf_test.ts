import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { skip } from "../../tests/skip.ts";
import { stubsJson } from "./assemble.ts";
import { packElf } from "./pack_elf.ts";

const PROGRAM = `
const input = Deno.args[0] === "stdin" ? await new Response(Deno.stdin.readable).text() : null;
console.log(JSON.stringify({
  args: Deno.args, main: import.meta.main, exec: Deno.execPath(), input,
  env: Deno.env.get("MARK") ?? null, update: Deno.env.get("DENO_NO_UPDATE_CHECK") ?? null,
  command: Deno.readTextFileSync("/proc/self/cmdline"),
}));
Deno.exitCode = 7;`;

/** A packed program in a folder of its own. */
function packed(source: string): { readonly dir: string; readonly path: string } & Disposable {
  const dir = Deno.makeTempDirSync();
  const path = join(dir, "program");
  const bytes = packElf(Deno.readFileSync(Deno.execPath()), new TextEncoder().encode(source));
  Deno.writeFileSync(path, bytes, { mode: 0o755 });
  return { dir, path, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}

Deno.test("a packed program runs in an empty folder with an empty environment and hands on what it was given", () => {
  using program = packed(PROGRAM);
  const run = (args: string[], options: { env?: Record<string, string>; input?: string } = {}): string =>
    // env -i: the test runner's own environment would not be empty.
    spawnSync("env", ["-i", ...Object.entries(options.env ?? {}).map(([k, v]) => `${k}=${v}`), program.path, ...args], {
      cwd: program.dir,
      input: options.input,
      encoding: "utf8",
    }).stdout;

  const bare = JSON.parse(run([]));
  assert.deepEqual(bare.args, []);
  assert.equal(bare.main, true);
  assert.equal(bare.exec, program.path);
  assert.equal(bare.env, null);
  assert.equal(bare.update, "1");

  const odd = ["--help", "-A", "", "a b", "ä\n\x1b[1m", "--", "run", "-"];
  const full = JSON.parse(run(odd, { env: { MARK: "here" } }));
  assert.deepEqual(full.args, odd);
  assert.equal(full.env, "here");
  assert.deepEqual(full.command.split("\0"), [program.path, ...odd, ""]);

  const many = Array.from({ length: 2000 }, (_, i) => `argument ${i}`);
  assert.deepEqual(JSON.parse(run(many)).args, many);
  assert.equal(JSON.parse(run(["stdin"], { input: "words" })).input, "words");
  assert.equal(spawnSync("env", ["-i", program.path]).status, 7);
  assert.deepEqual(Array.from(Deno.readDirSync(program.dir), (entry) => entry.name), ["program"]);
});

Deno.test("a packed program is a well-formed ELF file", () => {
  using program = packed("0");
  const run = spawnSync("readelf", ["--wide", "--segments", program.path], { encoding: "utf8" });
  if (run.error) return skip("readelf is not installed");
  assert.equal(run.stderr, "");
  const loads = [...run.stdout.matchAll(/^ {2}LOAD\s+\S+ (0x\S+)/gm)].map(([, address]) => Number(address));
  assert.deepEqual(loads, loads.toSorted((a, b) => a - b), "segments stand in the order of their addresses");
});

Deno.test("what cannot be packed is refused with the reason", () => {
  const bundle = new TextEncoder().encode("0");
  assert.throws(() => packElf(new Uint8Array(10), bundle), /no little-endian ELF64/);
  assert.throws(() => packElf(new TextEncoder().encode("#!/bin/sh\n".repeat(100)), bundle), /no little-endian ELF64/);
  const deno = Deno.readFileSync(Deno.execPath());
  const foreign = deno.slice(0, 4096);
  foreign[18] = 8;
  assert.throws(() => packElf(foreign, bundle), /machine 8/);
  const fixed = deno.slice(0, 4096);
  fixed[16] = 2;
  assert.throws(() => packElf(fixed, bundle), /position independent/);
  assert.throws(() => packElf(packElf(deno, bundle), bundle), /packed already/);
});

Deno.test("the stubs are those of their sources", () => {
  if (spawnSync("llvm-objcopy", ["--version"]).error || spawnSync("clang", ["--version"]).error) {
    return skip("clang or llvm-objcopy is not installed");
  }
  // Another clang may choose other encodings of the same instructions: that fails here, and is looked at by a person.
  assert.equal(Deno.readTextFileSync(new URL("stubs.json", import.meta.url)), stubsJson());
});

Deno.test("the aarch64 stub holds the instructions of its source", () => {
  if (spawnSync("llvm-mc", ["--version"]).error) return skip("llvm-mc is not installed");
  const stubs = JSON.parse(Deno.readTextFileSync(new URL("stubs.json", import.meta.url)));
  const stub = Uint8Array.fromBase64(stubs.aarch64);
  const code = stub.subarray(0, new TextDecoder("latin1").decode(stub).indexOf("sonde\0/proc"));
  const hex = Array.from(code, (byte) => `0x${byte.toString(16)}`).join(" ");
  const text = execFileSync("llvm-mc", ["--disassemble", "--triple=aarch64"], { input: hex, encoding: "utf8" });
  assert.equal(text.match(/svc\s+#0/g)?.length, 5, "memfd_create, write, mmap; write and exit_group when refused");
  assert.match(text, /br\s+x1/);
});

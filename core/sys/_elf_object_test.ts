import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { skip } from "../../tests/skip.ts";
import { elfObject } from "./_elf_object.ts";
import { type Arch, arm64, x64 } from "./arch/mod.ts";

const have = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // absent is the answer
  }
};

function disassemble(arch: Arch): string[] {
  const triple = arch.name === "x64" ? "x86_64" : "aarch64";
  const hex = arch.syscallStub.map((byte) => `0x${byte.toString(16)}`).join(" ");
  return execFileSync("llvm-mc", ["--disassemble", `--triple=${triple}`], { input: hex, encoding: "utf8" })
    .split("\n").slice(1).map((line) => line.trim().replace(/\s+/g, " ")).filter((line) => line !== "");
}

Deno.test("the x86-64 stub moves C's arguments into the kernel's registers", () => {
  if (!have("/usr/bin/llvm-mc")) return skip("llvm-mc is not installed");
  assert.deepEqual(disassemble(x64), [
    "movl %edi, %eax",
    "movq %rsi, %rdi",
    "movq %rdx, %rsi",
    "movq %rcx, %rdx",
    "movq %r8, %r10",
    "movq %r9, %r8",
    "movq 8(%rsp), %r9",
    "syscall",
    "retq",
  ]);
});

Deno.test("the aarch64 stub moves C's arguments into the kernel's registers", () => {
  if (!have("/usr/bin/llvm-mc")) return skip("llvm-mc is not installed");
  assert.deepEqual(disassemble(arm64), [
    "mov w8, w0",
    "mov x0, x1",
    "mov x1, x2",
    "mov x2, x3",
    "mov x3, x4",
    "mov x4, x5",
    "mov x5, x6",
    "svc #0",
    "ret",
  ]);
});

Deno.test("readelf finds a well-formed object for both processors, with no executable stack", () => {
  if (!have("/usr/bin/readelf")) return skip("readelf is not installed");
  for (const [arch, machine] of [[x64, "X86-64"], [arm64, "AArch64"]] as const) {
    const path = Deno.makeTempFileSync();
    try {
      Deno.writeFileSync(path, elfObject(arch, { first: arch.syscallStub, second: [0x90, 0xc3] }));
      const text = execFileSync("readelf", ["--wide", "--headers", "--dynamic", "--use-dynamic", "--syms", path], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      assert.match(text, new RegExp(machine));
      assert.match(text, /GNU_STACK .* RW /);
      assert.match(text, /\(HASH\)/);
      assert.doesNotMatch(text, /RWE/);
    } finally {
      Deno.removeSync(path);
    }
  }
});

Deno.test("the loader finds each of several functions by name", () => {
  const path = Deno.makeTempFileSync();
  try {
    const number = (n: number): number[] =>
      Deno.build.arch === "x86_64"
        ? [0xb8, n, 0, 0, 0, 0xc3] // mov eax, n; ret
        : [n << 5 & 255, n >> 3, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6]; // mov w0, #n; ret
    const arch = Deno.build.arch === "x86_64" ? x64 : arm64;
    Deno.writeFileSync(path, elfObject(arch, { one: number(1), two: number(2), three: number(3) }));
    const library = Deno.dlopen(path, {
      one: { parameters: [], result: "i32" },
      two: { parameters: [], result: "i32" },
      three: { parameters: [], result: "i32" },
    });
    const { one, two, three } = library.symbols;
    assert.deepEqual([one(), two(), three()], [1, 2, 3]);
    library.close();
  } finally {
    Deno.removeSync(path);
  }
});

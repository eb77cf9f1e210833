import assert from "node:assert/strict";
import { skip } from "../../../tests/skip.ts";
import { type Arch, arm64, x64 } from "./mod.ts";

/** Numbers as the kernel's installed headers have them. */
function headerNumbers(path: string): Map<string, number> | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return null; // the headers are not installed
  }
  const numbers = new Map<string, number>();
  for (const [, name, number] of text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)) {
    numbers.set(name, Number(number));
  }
  return numbers;
}

for (
  const [arch, path] of [
    [x64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"],
    [arm64, "/usr/include/asm-generic/unistd.h"],
  ] as [Arch, string][]
) {
  Deno.test(`system call numbers of ${arch.name} are those of the kernel's headers`, () => {
    const numbers = headerNumbers(path);
    if (!numbers) return skip(`${path} is not there (linux-libc-dev)`);
    for (const [name, number] of Object.entries(arch.syscalls)) assert.equal(number, numbers.get(name), name);
  });
}

import assert from "node:assert/strict";
import { compileC } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { bytesSource } from "../byte_source.ts";
import { ElfError, readElf, sectionNamed } from "../elf.ts";
import { RULE } from "./cfi_row.ts";
import { cfiRows } from "./cfi_rows.ts";
import { cfiSections } from "./cfi_section.ts";
import { cfiTable } from "./cfi_table.ts";
import { evaluateExpression } from "./dwarf_expression.ts";

const MUTATIONS = 10_000 * Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);

const SOURCE = `
#include <stdlib.h>
#include <string.h>
int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
void align(int n) { _Alignas(64) char b[256]; char *p = __builtin_alloca(n); memset(b, n, 256); __asm__("" :: "r"(b), "r"(p)); }
int main(int argc, char **argv) { int v[9] = {argc}; qsort(v, 9, 4, compare); align(argc); return v[0]; }
`;

/** A generator of the same numbers every time (xorshift32). */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % below;
  };
}

/** Reads everything that there is. @returns rows, or null when an error told that it is broken */
function readAll(bytes: Uint8Array): number | null {
  const machine = cfiRows();
  const context = { register: () => 4096n, load: () => 1n, cfa: 64n, operations: 0 };
  let rows = 0;
  try {
    for (const section of cfiSections(readElf(bytesSource(bytes)))) {
      const table = cfiTable(section);
      for (const fde of table.all()) {
        machine.each(fde, (row) => {
          rows++;
          context.operations = 1000;
          if (row.cfaByExpression) evaluateExpression(section.bytes, row.cfaFrom, row.cfaEnd, context, null);
          row.rules.forEach((rule, n) => {
            if (rule < RULE.EXPRESSION) return;
            evaluateExpression(section.bytes, row.values[n], row.ends[n], context, 64n);
          });
        });
        const found = table.find(fde.start);
        if (found) machine.at(found, found.start);
      }
    }
    return rows;
  } catch (error) {
    if (error instanceof ElfError) return null;
    throw error;
  }
}

Deno.test(`damaged unwind tables give an ElfError or rows: ${MUTATIONS} mutations`, async () => {
  const dir = await Deno.makeTempDir();
  const random = numbers(20_240_229);
  try {
    let broken = 0;
    let n = 0;
    for (const options of [[], ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"]]) {
      if (!await compileC(SOURCE, `${dir}/program`, options)) return skip("gcc is not installed");
      const whole = await Deno.readFile(`${dir}/program`);
      const elf = readElf(bytesSource(whole));
      // Mostly what the tables and the headers are made of; the code between is not looked at.
      const places: [number, number][] = [".eh_frame", ".eh_frame_hdr", ".debug_frame"].flatMap((name) => {
        const s = sectionNamed(elf, name);
        return s ? [[s.offset, s.size]] : [];
      });
      places.push([0, 1024], [whole.length - 2500, 2500]);
      assert.ok(readAll(whole)! > 10);
      for (; n < MUTATIONS / (options.length === 0 ? 2 : 1); n++) {
        const bytes = whole.slice(0, random(20) === 0 ? random(whole.length) : whole.length);
        for (let i = random(8); i >= 0; i--) {
          const [offset, size] = places[random(places.length)];
          const at = offset + random(size);
          if (at >= bytes.length) continue;
          if (random(3) === 0) bytes[at] ^= 1 << random(8);
          else bytes[at] = random(3) === 0 ? [0, 0x7f, 0x80, 0xff][random(4)] : random(256);
        }
        if (readAll(bytes) === null) broken++;
      }
    }
    console.log(`${broken} of ${n} were told to be broken`);
    assert.ok(broken > n / 10 && broken < n);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("unwind tables cut off anywhere give an ElfError or rows", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(SOURCE, `${dir}/program`)) return skip("gcc is not installed");
    const whole = await Deno.readFile(`${dir}/program`);
    const [section] = cfiSections(readElf(bytesSource(whole)));
    const machine = cfiRows();
    for (let length = 0; length < section.bytes.length; length++) {
      const table = cfiTable({ ...section, bytes: section.bytes.slice(0, length) });
      try {
        for (const fde of table.all()) machine.each(fde, () => {});
      } catch (error) {
        if (!(error instanceof ElfError)) throw error;
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

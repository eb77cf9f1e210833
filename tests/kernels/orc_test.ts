import assert from "node:assert/strict";
import { bytesSource, ORC_REG, ORC_TYPE, readElf, readOrc } from "../../core/symbols/mod.ts";
import { outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { vmlinuxOf } from "./orc_check.ts";
import { runOrc } from "./orc_run.ts";
import { compileWorkload, kernelFolder, whyNoKernel } from "./run_kernel.ts";

/** `SONDE_ALL_KERNELS=1`: every form of the table, which takes a minute. */
const ALL = Deno.env.get("SONDE_ALL_KERNELS") === "1";

for (const kernel of ALL ? ["5.10", "6.1", "6.12", "7.3"] : ["6.12"]) {
  Deno.test(`kernel stacks unwound by ORC are those of bpf_get_stack in Linux ${kernel}`, async () => {
    const why = await whyNoKernel(kernel);
    if (why !== null) return skip(`no guest with Linux ${kernel}: ${why}`);
    await using workload = await compileWorkload();
    if (!workload) return skip("gcc is not installed");
    const seen = await runOrc(kernel, workload.program);
    console.log(
      `${seen.samples} stacks of ${seen.frames} frames: ${seen.same} the same, ${seen.cut} as far as was copied, ` +
        `${seen.wrong.length} wrong`,
    );
    assert.deepEqual(seen.wrong, []);
    assert.ok(seen.same > 100 && seen.cut < seen.same / 4);
  });
}

/** What an instruction adds to the distance from the stack pointer to the caller's; null: what follows is another path. */
function pushed(instruction: string): number | null {
  const text = instruction.replace(/\s+/g, " ").trim();
  if (text.startsWith("push")) return 8;
  if (text.startsWith("pop")) return -8;
  const moved = /^(sub|add) \$(0x[0-9a-f]+),%rsp/.exec(text);
  if (moved) return Number(BigInt.asIntN(64, BigInt(moved[2]))) * (moved[1] === "sub" ? 1 : -1);
  const ends = /^(ret|jmp|ud2|int3|hlt|leave|call|cs|data16|enter|iret|syscall|sysret|\(bad\))/.test(text);
  return ends || /%rsp\s*$/.test(text) ? null : 0;
}

for (const kernel of ALL ? ["5.10", "6.1", "6.12", "7.3"] : ["5.10", "6.12"]) {
  Deno.test(`ORC rows follow what each instruction does to the stack pointer in Linux ${kernel}`, async () => {
    const folder = kernelFolder(kernel);
    try {
      await Deno.stat(folder);
    } catch {
      return skip(`Linux ${kernel} was not fetched yet`);
    }
    const file = await Deno.makeTempFile();
    try {
      const image = await vmlinuxOf(`${folder}/vmlinuz`);
      await Deno.writeFile(file, image);
      const table = readOrc(readElf(bytesSource(image)));
      assert.ok(table);
      const range = ["--start-address=0xffffffff81200000", "--stop-address=0xffffffff81220000"];
      const code = await outputOf("objdump", ["-d", "--no-show-raw-insn", ...range, file]);
      if (code === null) return skip("objdump is not installed");
      const kept = ORC_REG.SP | ORC_TYPE.CALL << 8;
      const wrong: string[] = [];
      let checked = 0;
      let before: { row: number; text: string } | null = null;
      for (const line of code.split("\n")) {
        const [, address, text] = /^(ffffffff[0-9a-f]{8}):\t(.*)$/.exec(line) ?? [];
        const row = address === undefined ? -1 : table.find(Number(BigInt.asIntN(64, BigInt(`0x${address}`))));
        const by = before && pushed(before.text);
        if (before && row >= 0 && by !== null && [before.row, row].every((r) => (table.bits[r] & 0x70f) === kept)) {
          checked++;
          if (table.spOffsets[row] - table.spOffsets[before.row] !== by) wrong.push(`${before.text} before ${line}`);
        }
        before = row < 0 ? null : { row, text };
      }
      assert.deepEqual(wrong, []);
      assert.ok(checked > 10_000, `${checked} instructions`);
    } finally {
      await Deno.remove(file);
    }
  });
}

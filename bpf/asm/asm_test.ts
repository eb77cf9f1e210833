import assert from "node:assert/strict";
import { Assembler, disassemble, type JumpOp, link, type Width } from "./mod.ts";
import { skip } from "../../tests/skip.ts";

const noMaps = (): number => 0;
const hex = (bytes: Uint8Array): string[] => {
  const words: string[] = [];
  for (let i = 0; i < bytes.length; i += 8) words.push(bytes.subarray(i, i + 8).toHex());
  return words;
};

Deno.test("link() gives the bytes of llvm-mc", async () => {
  const { insns, text } = formsThatLlvmKnows();
  const expected = await llvmBytes(text);
  if (expected === null) return skip("llvm-mc or llvm-objcopy is not installed");
  assert.deepEqual(hex(link(insns, noMaps)), hex(expected));
});

Deno.test("link() gives the bytes of the standard for forms that llvm-mc 14 cannot parse", () => {
  const a = new Assembler();
  const end = a.label("end");
  a.alu("mod", 2, 5).alu("mod", 2, { r: 3 }).storeImm(4, 10, -8, 5).storeImm(8, 10, -16, -1)
    .jump("set", 1, 7, end).map(1, "counts").call(1).mark(end).atomicFetchAdd(7, 8, 1).exit();
  assert.deepEqual(hex(link(a.insns, (name) => name === "counts" ? 9 : -1)), [
    "9702000005000000",
    "9f32000000000000",
    "620af8ff05000000",
    "7a0af0ffffffffff",
    "4501030007000000",
    "1811000009000000",
    "0000000000000000",
    "8500000001000000",
    "db17080001000000",
    "9500000000000000",
  ]);
});

Deno.test("link() leaves out what cannot be reached and jumps to the next instruction", () => {
  const a = new Assembler();
  const end = a.label("end");
  a.constant(0, 1).goto(end).constant(0, 2).mark(end).exit().constant(0, 3);
  assert.equal(disassemble(link(a.insns, noMaps)), "0: r0 = 1\n1: exit\n");
});

Deno.test("link() jumps over wide loads by slots, forward and back", () => {
  const a = new Assembler();
  const again = a.label("again");
  const end = a.label("end");
  a.constant(1, 0).mark(again).constant(2, 1n << 40n).jump("eq", 1, 3, end).alu("add", 1, 1).goto(again).mark(end)
    .constant(0, 0).exit();
  assert.equal(
    disassemble(link(a.insns, noMaps)),
    [
      "0: r1 = 0",
      "1: r2 = 1099511627776 ll",
      "3: if r1 == 3 goto 6",
      "4: r1 += 1",
      "5: goto 1",
      "6: r0 = 0",
      "7: exit",
      "",
    ].join("\n"),
  );
});

Deno.test("an unmarked label, a wide immediate and a far offset are errors, not wrong code", () => {
  const a = new Assembler();
  assert.throws(() => a.alu("add", 1, 2 ** 31), RangeError);
  assert.throws(() => a.load(8, 1, 10, 40_000), RangeError);
  a.goto(a.label("lost"));
  assert.throws(() => link(a.insns, noMaps), /"lost"/);
});

Deno.test("disassemble() reads what llvm-objdump reads", async () => {
  const { insns, text } = formsThatLlvmKnows();
  if (await llvmBytes(text) === null) return skip("llvm-mc or llvm-objcopy is not installed");
  const lines = disassemble(link(insns, noMaps)).trim().split("\n").map((l) => l.replace(/^ *\d+: /, ""));
  // Jumps stand with their target here and with a distance there; calls have names here.
  const plain = (s: string): string => s.replace(/ goto .*/, " goto").replace(/^call .*/, "call");
  assert.deepEqual(lines.map(plain), text.map(plain));
});

/** Instructions and the same in llvm's notation. */
function formsThatLlvmKnows(): { insns: Assembler["insns"]; text: string[] } {
  const a = new Assembler();
  const text: string[] = [];
  const alu = { add: "+=", sub: "-=", mul: "*=", div: "/=", or: "|=", and: "&=", xor: "^=", mov: "=" } as const;
  const shifts = { lsh: "<<=", rsh: ">>=", arsh: "s>>=" } as const;
  for (const [fn, sign] of Object.entries(alu)) {
    a.alu(fn as keyof typeof alu, 2, -5).alu(fn as keyof typeof alu, 4, { r: 7 });
    text.push(`r2 ${sign} -5`, `r4 ${sign} r7`);
  }
  for (const [fn, sign] of Object.entries(shifts)) {
    a.alu(fn as keyof typeof shifts, 2, 63).alu(fn as keyof typeof shifts, 4, { r: 7 });
    text.push(`r2 ${sign} 63`, `r4 ${sign} r7`);
  }
  a.alu("neg", 3, 0).constant(1, 0x1234_5678_9abc_def0n).constant(5, -(2n ** 63n));
  text.push("r3 = -r3", "r1 = 1311768467463790320 ll", "r5 = -9223372036854775808 ll");
  const names: Record<Width, string> = { 1: "u8", 2: "u16", 4: "u32", 8: "u64" };
  for (const w of [1, 2, 4, 8] as const) {
    a.load(w, 1, 10, -8 * w).store(w, 10, 8 * w, 9);
    text.push(`r1 = *(${names[w]} *)(r10 - ${8 * w})`, `*(${names[w]} *)(r10 + ${8 * w}) = r9`);
  }
  for (const bits of [16, 32, 64] as const) {
    a.toBigEndian(6, bits);
    text.push(`r6 = be${bits} r6`);
  }
  a.atomicAdd(1, 24, 2).call(14);
  text.push("lock *(u64 *)(r1 + 24) += r2", "call 14");
  const jumps = {
    eq: "==",
    gt: ">",
    ge: ">=",
    ne: "!=",
    sgt: "s>",
    sge: "s>=",
    lt: "<",
    le: "<=",
    slt: "s<",
    sle: "s<=",
  };
  const end = a.label("end");
  let left = Object.keys(jumps).length * 2 + 1;
  for (const [fn, sign] of Object.entries(jumps)) {
    a.jump(fn as JumpOp, 2, -7, end).jump(fn as JumpOp, 2, { r: 3 }, end);
    text.push(`if r2 ${sign} -7 goto +${--left}`, `if r2 ${sign} r3 goto +${--left}`);
  }
  a.constant(0, 0).mark(end).exit();
  text.push("r0 = 0", "exit");
  return { insns: a.insns, text };
}

async function llvmBytes(lines: string[]): Promise<Uint8Array | null> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/a.s`, lines.join("\n") + "\n");
    await run("llvm-mc", ["-triple=bpfel", "-filetype=obj", "-o", `${dir}/a.o`, `${dir}/a.s`]);
    await run("llvm-objcopy", ["-O", "binary", "--only-section=.text", `${dir}/a.o`, `${dir}/a.bin`]);
    return await Deno.readFile(`${dir}/a.bin`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const out = await new Deno.Command(command, { args, stderr: "piped" }).output();
  assert.ok(out.success, new TextDecoder().decode(out.stderr));
}

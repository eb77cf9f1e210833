import assert from "node:assert/strict";
import { outputOf } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { x64 } from "../../sys/arch/x64.ts";
import { PERF_TYPE, SW } from "../abi.ts";
import { openUserCounter, readPage } from "./user_counter.ts";

interface Page {
  readonly lock?: number;
  readonly index?: number;
  readonly offset?: bigint;
  readonly capabilities?: bigint;
  readonly width?: number;
}

/** Laid out by byte, as the kernel's header has it, not by the constants under test. */
function page({ lock = 8, index = 3, offset = 0n, capabilities = 4n, width = 48 }: Page): ArrayBuffer {
  const v = new DataView(new ArrayBuffer(64));
  v.setUint32(8, lock, true);
  v.setUint32(12, index, true);
  v.setBigInt64(16, offset, true);
  v.setBigUint64(24, 1000n, true);
  v.setBigUint64(32, 500n, true);
  v.setBigUint64(40, capabilities, true);
  v.setUint16(48, width, true);
  return v.buffer;
}

Deno.test("readPage() adds the counter, sign-extended from its width, to the offset", () => {
  const asked: number[] = [];
  const read = (raw: bigint) => (n: number): bigint => (asked.push(n), raw);
  assert.deepEqual(readPage(page({ offset: 100n }), read(23n)), { value: 123n, enabledNs: 1000n, runningNs: 500n });
  assert.deepEqual(asked, [2]);
  // 48 bits of ones are -1; bits above the width are not the counter's.
  assert.equal(readPage(page({ offset: 100n }), read(0xffff_ffff_ffffn))!.value, 99n);
  assert.equal(readPage(page({ offset: 100n }), read(0xabcd_0000_0000_0005n))!.value, 105n);
  assert.equal(readPage(page({ offset: 1n << 60n }), read(1n))!.value, (1n << 60n) + 1n);
});

Deno.test("readPage() leaves to the kernel what has no counter now or may not be read", () => {
  const never = (): never => assert.fail("the instruction would kill the process");
  assert.equal(readPage(page({ index: 0 }), never), null);
  assert.equal(readPage(page({ capabilities: 3n }), never), null);
  assert.equal(readPage(page({}), () => null), null);
});

Deno.test("readPage() reads again when the kernel wrote the page meanwhile, and gives up at last", () => {
  const bytes = page({ offset: 100n });
  const v = new DataView(bytes);
  let calls = 0;
  const once = readPage(bytes, () => {
    if (calls++ === 0) {
      v.setUint32(8, 9, true);
      v.setBigInt64(16, 200n, true);
    }
    return 1n;
  });
  assert.equal(once!.value, 201n);
  assert.equal(calls, 2);
  assert.equal(readPage(bytes, () => (v.setUint32(8, v.getUint32(8, true) + 1, true), 1n)), null);
});

Deno.test("the machine code of rdpmc reads as objdump says", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, new Uint8Array(x64.rdpmcStub!));
  const text = await outputOf("objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", file]);
  await Deno.remove(file);
  if (text === null) return skip("no objdump here");
  const code = text.split("\n").flatMap((line) =>
    /^\s+[\da-f]+:\s+(.*\S)\s*$/.exec(line)?.[1].replace(/\s+/g, " ") ?? []
  );
  assert.deepEqual(code, ["mov %edi,%ecx", "rdpmc", "shl $0x20,%rdx", "or %rdx,%rax", "ret"]);
});

Deno.test("openUserCounter() counts its own thread, by the kernel for events of software", () => {
  using counter = openUserCounter({ type: PERF_TYPE.SOFTWARE, config: SW.TASK_CLOCK }, 4096);
  const before = counter.read();
  let sum = 0;
  for (let i = 0; i < 1e6; i++) sum += i;
  const after = counter.read();
  assert.ok(sum > 0 && after.value > before.value);
  assert.equal(counter.way, "read");
});

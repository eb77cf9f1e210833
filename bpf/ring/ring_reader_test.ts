import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../../tests/skip.ts";
import { Assembler, HELPER, link } from "../asm/mod.ts";
import { createMap } from "../kernel/map.ts";
import { loadProgram, testRun } from "../kernel/program.ts";
import { openRing } from "./ring_reader.ts";

const SIZE = 65_536;

Deno.test("records of all lengths come in order, whole, and around the end of the ring many times", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  using map = createMap({ name: "test", type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: SIZE });
  // Sends the first args.0 & 63 bytes behind the context's args.1 … on the stack.
  const a = new Assembler();
  a.movReg(6, 1);
  for (let i = 0; i < 8; i++) a.load(8, 2, 6, 8 * (i + 1)).store(8, 10, -64 + 8 * i, 2);
  a.load(8, 3, 6, 0).alu("and", 3, 63).map(1, "ring").movReg(2, 10).alu("add", 2, -64).constant(4, 1)
    .call(HELPER.ringbuf_output).exit();
  using program = loadProgram({
    name: "sonde_test",
    type: "raw_tracepoint",
    code: link(a.insns, () => map.fd),
  });
  using ring = openRing(map.fd, SIZE, 4096);
  const args = new BigUint64Array(12);
  const want: string[] = [];
  const got: string[] = [];
  let sent = 0;
  while (sent < 6000) {
    // Between one record and more than the ring holds.
    const burst = 1 + (sent * 7919) % 1500;
    for (let i = 0; i < burst; i++, sent++) {
      const length = (sent * 31) & 63;
      args[0] = BigInt(length);
      for (let w = 0; w < 8; w++) args[w + 1] = BigInt(sent) * 0x0101_0101n + BigInt(w);
      const refused = testRun(program.fd, args) !== 0;
      if (!refused) want.push(new Uint8Array(args.buffer, 8, length).toHex());
    }
    assert.ok(ring.pending() > 0 && ring.pending() <= SIZE);
    const visit = (at: number, length: number): void => {
      got.push(ring.bytes.slice(at, at + length).toHex());
    };
    assert.equal(ring.drain(visit, 1), 1);
    ring.drain(visit);
    assert.equal(ring.pending(), 0);
  }
  assert.deepEqual(got, want);
});

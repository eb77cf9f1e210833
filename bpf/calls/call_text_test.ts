import assert from "node:assert/strict";
import { argumentsText, resultText } from "./call_text.ts";

const read = { kind: "syscall", name: "read" } as const;
const user = { kind: "user", path: "/bin/true", symbol: "f" } as const;

Deno.test("argumentsText() shows as many as there are, small numbers as such, paths where they are", () => {
  const row = { arg0: 3, arg1: 0x7ffc0e2f5a30n, arg2: 4096, arg3: 7, arg4: 8, arg5: 9 };
  const plain = (name: string) => ({ name, text: false });
  assert.equal(argumentsText(read, row, ["fd", "buf", "count"].map(plain)), "fd=3, buf=0x7ffc0e2f5a30, count=4096");
  const open = { arg0: 0xffffff9cn, arg1: 0x5555n, text1: 'a"\x1b', arg2: (1n << 64n) - 2n };
  assert.equal(
    argumentsText(read, open, [plain("dfd"), { name: "filename", text: true }, plain("")]),
    'dfd=-100, filename="a\\"\\u001b", arg2=-2',
  );
  assert.equal(argumentsText(user, row, null), "arg0=3, arg1=0x7ffc0e2f5a30, arg2=4096");
  assert.equal(argumentsText({ kind: "kernel", symbol: "f" }, row, null), "");
});

Deno.test("resultText() shows errors by name, addresses in hexadecimal", () => {
  assert.equal(resultText(-9, 9), "EBADF");
  assert.equal(resultText(4096, 0), "4096");
  assert.equal(resultText(-1, 0), "-1");
  assert.equal(resultText(0x7f0000001000n, 0), "0x7f0000001000");
  assert.equal(resultText(null, 0), "");
});

import assert from "node:assert/strict";
import { addressOf, addressText, isKernelAddress } from "./address.ts";

Deno.test("addressOf() keeps user and kernel addresses exact and tells them apart", () => {
  for (const hex of ["0", "401136", "7ffe12345678", "ffff800000000001", "ffffffff810002a3", "ffffffffffffffff"]) {
    const value = BigInt(`0x${hex}`);
    const address = addressOf(Number(value >> 32n), Number(value & 0xffffffffn));
    assert.equal(addressText(address), `0x${hex}`);
    assert.equal(isKernelAddress(address), hex.startsWith("ffff"));
  }
  assert.ok(addressOf(0xffffffff, 0x81000010) - addressOf(0xffffffff, 0x81000000) === 16);
});

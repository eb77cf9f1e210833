import assert from "node:assert/strict";
import { kernelDataNames } from "./kernel_data.ts";

const TEXT = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff82000000 D cgroup_mutex
ffffffff82000020 d css_set_lock
ffffffff82000400 B tcp_hashinfo
ffffffff82001000 T _etext
ffffffffc0001000 b nf_lock\t[nf_tables]
`;
/** As of a kernel that names all of its data. */
const ALL = TEXT +
  Array.from({ length: 1000 }, (_, i) => `ffffffff83${i.toString(16).padStart(4, "0")}00 d other_${i}\n`).join("");
const names = (...addresses: bigint[]): string[] =>
  addresses.map((a) => kernelDataNames(new TextEncoder().encode(ALL), addresses).get(a) ?? "-");

Deno.test("kernelDataNames() names data of the image and of modules, with the place in it", () => {
  assert.deepEqual(
    names(0xffffffff82000000n, 0xffffffff82000020n, 0xffffffff82000440n, 0xffffffffc0001000n),
    ["cgroup_mutex", "css_set_lock", "tcp_hashinfo+0x40", "nf_lock"],
  );
});

Deno.test("kernelDataNames() names neither code nor what lies far from any symbol", () => {
  assert.deepEqual(names(0xffffffff81000010n, 0xffff888000123458n, 0xffffffffc0101000n), ["-", "-", "-"]);
});

Deno.test("kernelDataNames() of a kernel that names little of its data names what is surely that", () => {
  const found = kernelDataNames(new TextEncoder().encode(TEXT), [0xffffffff82000000n, 0xffffffff82000440n]);
  assert.deepEqual([...found.values()], ["cgroup_mutex"]);
});

Deno.test("kernelDataNames() of broken text, or of none, is empty or partial", () => {
  assert.equal(kernelDataNames(new Uint8Array(), [1n]).size, 0);
  assert.equal(kernelDataNames(new TextEncoder().encode("rubbish\n\n".repeat(10)), [1n]).size, 0);
  for (let cut = 0; cut < TEXT.length; cut++) {
    kernelDataNames(new TextEncoder().encode(TEXT.slice(0, cut)), [0xffffffff82000440n]);
  }
});

// What text of a call costs: `deno bench -A core/ptrace/decode/decode_bench.ts`. Reading memory is a copy here, not a system call.
import { syscallNumber } from "../../host/mod.ts";
import { createDecoder, type TracedCall } from "./mod.ts";

const page = new Uint8Array(4096);
page.set(new TextEncoder().encode("/usr/lib/x86_64-linux-gnu/libc.so.6\0"));
page[152] = 0xed;
page[153] = 0x41;
const decoder = createDecoder(
  { read: (_, address, length) => page.subarray(address % 4096, address % 4096 + length) },
  {
    arch: "x86_64",
  },
);

function made(name: string, args: readonly number[], result: number, error = 0): TracedCall {
  const words = new Uint32Array(12);
  args.forEach((a, i) => {
    words[2 * i] = a;
    words[2 * i + 1] = a < 0 ? -1 : a / 2 ** 32;
  });
  const ret = Uint32Array.of(result, 0);
  return { pid: 1, tid: 1, nr: syscallNumber(name, "x86_64")!, args: words, ret, error };
}

const CALLS = [
  made("openat", [-100, 4096, 0x80000], 3),
  made("newfstatat", [3, 4096, 4096 + 128, 0x1000], 0),
  made("read", [3, 4096, 832], 832),
  made("mmap", [0, 8192, 3, 0x22, -1, 0], 0x7f001000),
  made("getdents64", [3, 4096 + 3000, 32768], 0),
  made("close", [3], 0),
  made("access", [4096, 4], 0, 2),
  made("rt_sigaction", [2, 4096 + 1000, 0, 8], 0),
];

for (const call of CALLS) {
  const text = decoder.entry(call);
  Deno.bench(text + decoder.exit(call, text.length), () => {
    const entry = decoder.entry(call);
    decoder.exit(call, entry.length);
  });
}

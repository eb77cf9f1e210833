import { fieldRef } from "../../core/query/mod.ts";
import { layoutStruct } from "../codegen/layout.ts";
import { structReader } from "./struct_reader.ts";

const N = 10_000;
const struct = layoutStruct(
  [
    { name: "time", expr: fieldRef("time", "time") },
    { name: "pid", expr: fieldRef("pid", "pid") },
    { name: "comm", expr: fieldRef("comm", "string") },
    { name: "id", expr: fieldRef("args.id", "int") },
  ],
  [(name) =>
    name === "comm" ? { kind: "builtin", name: "comm" } : { kind: "context", offset: 0, width: 8, signed: true }],
  true,
);
const stride = struct.bytes + 8;
const bytes = new Uint8Array(stride * N);
const words = new Uint32Array(bytes.buffer);
for (let i = 0; i < N; i++) {
  const at = i * stride;
  words[at >> 2] = i;
  words[(at >> 2) + 1] = 0x18e9_0000;
  words[(at >> 2) + 2] = i & 1023;
  new TextEncoder().encodeInto(`worker-${i % 50}`, bytes.subarray(at + 16, at + 31));
}
const reader = structReader(struct);

Deno.bench(`decode ${N} records of time, pid, comm, id`, () => {
  for (let i = 0; i < N; i++) reader.read(bytes, words, i * stride);
  reader.take();
});

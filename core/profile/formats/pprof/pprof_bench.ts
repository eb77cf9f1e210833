/** pprof written and read: 20,000 stacks of 30 frames. */
import { gunzipSync } from "node:zlib";
import { type Profile, quality } from "../../../data/mod.ts";
import { decodePprof } from "./decode_pprof.ts";
import { pprofFormat } from "./pprof_format.ts";

const profile: Profile = {
  kind: "profile",
  sampleTypes: [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }],
  frames: Array.from({ length: 5000 }, (_, i) => ({
    function: `function_${i}`,
    module: `/lib/module_${i % 40}.so`,
    file: "",
    line: 0,
    kind: i % 9 === 0 ? "inlined" : "user",
  })),
  stacks: Array.from({ length: 20_000 }, (_, i) => ({
    frames: Array.from({ length: 30 }, (_, k) => (i * 31 + k * k * 7) % 5000),
    values: [1 + i % 7, 1e7],
    labels: { pid: String(i % 50), comm: "bench" },
  })),
  quality: quality({ events: 20_000 }),
};
const [packed] = [...pprofFormat.write!(profile)];
const plain = gunzipSync(packed);

Deno.bench("write, packed", () => void [...pprofFormat.write!(profile)]);
Deno.bench("read, packed", () => {
  const reader = pprofFormat.reader!();
  reader.push(packed);
  reader.end();
});
Deno.bench(`decode ${Math.round(plain.length / 1024)} KiB, no profile made`, () => void decodePprof(plain));

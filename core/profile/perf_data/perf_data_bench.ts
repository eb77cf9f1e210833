/** Samples of perf.data decoded a second, and a whole import of a recorded file with its names. */
import { openHost } from "../../host/mod.ts";
import { SAMPLE } from "../../perf/mod.ts";
import { fileAttr, fileRecord, joined, padded, perfDataFile, u64s } from "./_testing.ts";
import { perfDataParser } from "./perf_data_parser.ts";
import { perfDataReader } from "./perf_data_reader.ts";

const COUNT = 100_000;
const attr = fileAttr({ sampleType: SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.PERIOD | SAMPLE.CALLCHAIN });
const round = fileRecord(68, 0);

/** Two CPUs' rings, one after another in each round, 1,000 stacks of 16 frames. */
function samples(frames: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [fileRecord(3, 0, u64s(7n | 7n << 32n), padded("work"))];
  for (let i = 0; i < COUNT; i++) {
    const at = Math.floor(i / 1000) * 1000 + i % 500 * 2 + (i % 1000 < 500 ? 0 : 1);
    const chain = Array.from({ length: frames }, (_, k) => 0x400000 + i % 1000 * 64 + k * 4096);
    const body = frames > 0 ? [frames + 1, -512, ...chain] : [0];
    parts.push(fileRecord(9, 2, u64s(0x400000 + i % 1000, 7n | 7n << 32n, 1e9 + at * 1000, 1, ...body)));
    if (i % 1000 === 999) parts.push(round);
  }
  return perfDataFile(attr, joined(...parts));
}

const deep = samples(16);
const flat = samples(0);

Deno.bench(`decode ${COUNT} samples, 16 frames`, { group: "decode" }, () => {
  const parser = perfDataParser({ sample: () => {} });
  parser.push(deep);
  parser.end();
});
Deno.bench(`decode ${COUNT} samples without chains`, { group: "decode" }, () => {
  const parser = perfDataParser({ sample: () => {} });
  parser.push(flat);
  parser.end();
});
Deno.bench(`profile of ${COUNT} samples, 16 frames, 1,000 stacks`, { group: "profile" }, () => {
  const reader = perfDataReader();
  reader.push(deep);
  reader.end();
});

const recorded = Deno.makeTempFileSync();
const run = new Deno.Command("perf", {
  args: ["record", "-q", "-a", "-g", "-F", "4000", "-e", "cpu-clock", "-o", recorded, "--", "sleep", "1"],
}).outputSync();
const bytes = run.success ? Deno.readFileSync(recorded) : null;
Deno.removeSync(recorded);
if (bytes) {
  const host = openHost();
  Deno.bench(`import ${Math.round(bytes.length / 1024)} KiB of perf record -a -g, named`, { group: "import" }, () => {
    const reader = perfDataReader({ host });
    reader.push(bytes);
    reader.end();
  });
  Deno.bench("the same without names", { group: "import" }, () => {
    const reader = perfDataReader();
    reader.push(bytes);
    reader.end();
  });
}

import assert from "node:assert/strict";
import { UsageError } from "../../data/mod.ts";
import { pmuEvent } from "./pmu_event.ts";

const FILES: Readonly<Record<string, string>> = {
  "/s/cpu/type": "4\n",
  "/s/cpu/format/event": "config:0-7\n",
  "/s/cpu/format/umask": "config:8-15\n",
  "/s/cpu/format/wide": "config:0-7,32-35\n",
  "/s/cpu/format/offcore_rsp": "config1:0-63\n",
  "/s/cpu/events/mem-loads": "event=0xcd,umask=0x1,offcore_rsp=3\n",
  "/s/uncore_imc/type": "11\n",
  "/s/uncore_imc/cpumask": "0,18\n",
  "/s/uncore_imc/format/event": "config:0-7\n",
  "/s/uncore_imc/events/data_reads": "event=0x1\n",
  "/s/uncore_imc/events/data_reads.scale": "6.103515625e-5\n",
  "/s/uncore_imc/events/data_reads.unit": "MiB\n",
};
const find = (text: string): ReturnType<typeof pmuEvent> => pmuEvent(text, "/s", (path) => FILES[path] ?? null);

Deno.test("pmuEvent() places terms where the source's format says", () => {
  assert.equal(find("cpu/event=0x3c,umask=0x1/")!.config, 0x13cn);
  assert.equal(find("cpu/event=0x3c/")!.type, 4);
  // Bits 0-7 of the value to 0-7, 8-11 to 32-35.
  assert.equal(find("cpu/wide=0xabc/")!.config, 0xa_0000_00bcn);
  assert.equal(find("cpu/config1=0x10/")!.config1, 0x10n);
});

Deno.test("pmuEvent() reads named events with unit, scale and the CPUs that count", () => {
  const loads = find("cpu/mem-loads/")!;
  assert.deepEqual([loads.config, loads.config1, loads.unit, loads.scale, loads.cpumask], [0x1cdn, 3n, "", 1, null]);
  const reads = find("uncore_imc/data_reads/")!;
  assert.deepEqual([reads.type, reads.config, reads.unit, reads.scale, reads.cpumask], [
    11,
    1n,
    "MiB",
    2 ** -14,
    "0,18",
  ]);
  // 64-byte lines: 2^14 of them are a MiB.
  assert.equal(reads.scale * 2 ** 14, 1);
});

Deno.test("pmuEvent() refuses unknown terms and values that do not fit; an unknown source is null", () => {
  assert.equal(find("gpu/event=1/"), null);
  for (
    const text of ["cpu/nothing/", "cpu/event=0x100/", "cpu/event=x/", "cpu/event=0x11112222333344445/", "cpu/../=1/"]
  ) {
    assert.throws(() => find(text), UsageError, text);
  }
});

import assert from "node:assert/strict";
import { bpftraceMaps, bpftraceRun, bpftraceVersion } from "./bpftrace_oracle.ts";
import { skip } from "./skip.ts";

Deno.test("bpftraceMaps() reads numbers, keyed numbers and histograms", () => {
  const stdout = `{"type": "attached_probes", "data": {"probes": 1}}
{"type": "map", "data": {"@n": 3}}
{"type": "map", "data": {"@by": {"cat": 2}}}
{"type": "hist", "data": {"@h": [{"min": 4, "max": 7, "count": 1}]}}
`;
  assert.deepEqual(bpftraceMaps(stdout), {
    "@n": 3,
    "@by": { cat: 2 },
    "@h": { "": [{ min: 4, max: 7, count: 1 }] },
  });
});

for (const newest of [false, true]) {
  Deno.test(`${newest ? "the newest" : "the installed"} bpftrace sees all of a load that begins when it is attached, and nothing after`, async () => {
    const version = await bpftraceVersion(newest);
    if (version === null || Deno.uid() !== 0) return skip("bpftrace needs to be installed and root");
    console.log(`bpftrace ${version}`);
    const name = `sonde_o${Deno.pid}${newest ? "n" : ""}`.slice(0, 15);
    const folder = await Deno.makeTempDir({ prefix: "sonde_oracle_" });
    try {
      await Deno.copyFile("/bin/true", `${folder}/${name}`);
      const result = await bpftraceRun(
        `tracepoint:sched:sched_process_exit /comm == "${name}"/ { @exits = count(); }`,
        {
          json: true,
          newest,
          async work() {
            for (let i = 0; i < 7; i++) await new Deno.Command(`${folder}/${name}`).output();
          },
        },
      );
      assert.equal(bpftraceMaps(result!.stdout)["@exits"], 7);
      const mounts = await Deno.readTextFile("/proc/self/mounts");
      assert.doesNotMatch(mounts, /sonde-tests/, "nothing stays mounted");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a program that bpftrace refuses is an error that says why", async () => {
  if (await bpftraceVersion() === null) return skip("bpftrace is not installed");
  await assert.rejects(
    bpftraceRun("tracepoint:no:such { }", { work: () => Promise.resolve() }),
    /bpftrace .* ended with/,
  );
});

import assert from "node:assert/strict";
import { DISK_LOAD, READ_SIZE, WRITE_SIZE } from "../../bpf/testing/disk_load.ts";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { compileC } from "../compile_c.ts";
import { loopDevice } from "../loop_device.ts";
import { skip } from "../skip.ts";
import { byAllMechanisms, type Rows, rowsOf } from "./by_all_mechanisms.ts";

Deno.test("disk_io_latency: program, recipe and /proc count the same requests of one load", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const folder = Deno.makeTempDirSync();
  try {
    const program = `${folder}/disk_load`;
    if (!await compileC(DISK_LOAD, program)) return skip("gcc is not installed");
    const disk = await loopDevice();
    if (typeof disk === "string") return skip(disk);
    using _ = disk;
    const child = new Deno.Command(program, {
      args: [disk.path, "200", "100", "0", "0"],
      stdin: "piped",
      stdout: "null",
    }).spawn();
    const { libbpf, recipe, proc } = await byAllMechanisms("disk_io_latency", async () => {
      const writer = child.stdin.getWriter();
      await writer.write(new Uint8Array(1));
      await writer.close();
      assert.ok((await child.status).success);
    });
    for (
      const [operation, requests, bytes] of [["read", 200, 200 * READ_SIZE], ["write", 100, 100 * WRITE_SIZE]] as const
    ) {
      const one = (rows: Rows): Rows[number] => {
        const [row, ...more] = rows.filter((r) => r.operation === operation);
        assert.ok(row && more.length === 0, JSON.stringify(rows));
        return row;
      };
      const [own, theirs] = [libbpf, recipe].map((results) =>
        one(rowsOf(results, "requests").filter((row) => row.pid === child.pid))
      );
      const [device, theirDevice, counted] = [libbpf, recipe, proc].map((results): Rows[number] =>
        one(rowsOf(results, "devices").filter((row) => row.device === disk.name))
      );
      for (const row of [own, theirs, device, theirDevice, counted]) {
        assert.deepEqual([row.requests, row.bytes], [requests, bytes]);
        assert.equal(row.errors ?? 0, 0);
      }
      assert.deepEqual([own.device, own.comm, own.sync], [theirs.device, theirs.comm, theirs.sync]);
      // Each reads the clock for itself, in front of and behind the others.
      const near = (a: unknown, b: unknown, what: string): void =>
        assert.ok(Math.abs(Number(a) - Number(b)) <= 0.1 * Number(b) + requests * 10_000, `${what}: ${a}, ${b}`);
      near(theirs.latency, own.latency, "latency");
      near(theirDevice.service, device.service, "service");
      near(theirDevice.queue, device.queue, "queue");
      // The kernel's ends behind all programs that look at the end of a request, and is told in ms.
      const [kernel, ours] = [counted.latency, device.latency].map(Number);
      assert.ok(kernel > 0.9 * ours - requests * 10_000 - 1e6, `latency by the kernel: ${kernel}, ${ours}`);
    }
    assert.match(proc.devices.quality.notes.join(" "), /queue and device are not told apart/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

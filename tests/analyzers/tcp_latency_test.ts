import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { byAllMechanisms, rowsOf } from "./by_all_mechanisms.ts";

const LOAD = new URL("../recipes/load.c", import.meta.url);
const CONNECTIONS = 12;
const AGAIN = 2;

Deno.test("tcp_latency: program and recipe count the same attempts, round trips and segments sent again", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const folder = Deno.makeTempDirSync();
  try {
    const program = `${folder}/tcp_load`;
    if (!await compileC(Deno.readTextFileSync(LOAD), program, ["-pthread"])) return skip("gcc is not installed");
    const run = async (...args: readonly (string | number)[]): Promise<Record<string, number>> => {
      const { stdout, stderr, success } = await new Deno.Command(program, { args: args.map(String) }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    let open: Record<string, number> = {}, lossy: Record<string, number> = {};
    const { libbpf, recipe, proc } = await byAllMechanisms("tcp_latency", async () => {
      open = await run("connect", CONNECTIONS, 20_000);
      lossy = await run("retransmit", AGAIN);
    });
    for (const results of [libbpf, recipe]) {
      const connects = rowsOf(results, "connects");
      const to = (port: number): (typeof connects)[number] => connects.find((r) => r.port === port)!;
      assert.deepEqual([to(open.port).attempts, to(open.port).opened], [CONNECTIONS, CONNECTIONS]);
      assert.deepEqual([to(open.closed_port).attempts, to(open.closed_port).failed], [CONNECTIONS, CONNECTIONS]);
      assert.equal(to(open.port).peer, "127.0.0.1");
      const again = rowsOf(results, "retransmits").filter((r) => r.port === lossy.port && r.state === "established");
      assert.ok(again.reduce((n, r) => n + Number(r.events), 0) >= AGAIN, JSON.stringify(again));
      const rtt = rowsOf(results, "peers").find((r) => r.port === open.port && r.side !== "server")!;
      assert.ok(Number(rtt.rtt_p50) > 0 && Number(rtt.rtt_p50) <= Number(rtt.rtt_p99));
    }
    const [own, theirs] = [libbpf, recipe].map((r) => rowsOf(r, "connects").find((row) => row.port === open.port)!);
    assert.deepEqual([own.pid, own.comm], [theirs.pid, theirs.comm]);
    assert.ok(Math.abs(Number(own.connect) - Number(theirs.connect)) <= 0.2 * Number(theirs.connect) + 10_000);
    const [mine, others] = [libbpf, recipe].map((r) =>
      rowsOf(r, "retransmits").filter((row) => row.port === lossy.port).reduce((n, row) => n + Number(row.events), 0)
    );
    assert.equal(mine, others);
    // The whole machine's, which others may have added to.
    const [all] = rowsOf(proc, "peers");
    assert.ok(Number(all.opened) >= CONNECTIONS && Number(all.failed) >= CONNECTIONS);
    assert.ok(Number(all.retransmits) >= AGAIN);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { openHost } from "../core/host/mod.ts";
import { literal, MAX_IN_FLIGHT, type ProbeSpec } from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { MAP } from "./codegen/gen.ts";
import type { Plan } from "./codegen/plan.ts";
import { readMap, updateMap } from "./kernel/map.ts";
import { loadPlan } from "./load.ts";
import { planFor } from "./planner.ts";
import { analyzerConstants } from "./programs/analyzer.ts";
import { possibleCpus } from "./possible_cpus.ts";
import { openSession } from "./session.ts";
import { bin, f, named } from "./testing/specs.ts";

const CHILDREN = 20;
const host = openHost();
const cpus = possibleCpus(host);
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON) && analyzerConstants(host, 0).ns_ino === 0;

const spec = (family: number): ProbeSpec => ({
  source: { kind: "calls", targets: [{ kind: "syscall", name: "getppid" }], maxInFlight: MAX_IN_FLIGHT, family },
  steps: [{ kind: "filter", expr: bin(">=", f("end.pid", "pid"), literal(0n, "pid")) }],
  output: {
    kind: "aggregate",
    keys: named({ pid: f("end.pid", "pid") }),
    aggregates: [{ name: "n", fn: "count", args: [] }],
    maxKeys: 64,
  },
  includeSelf: false,
});

/** Follows a shell that makes its children, and looks at the map of the family when it has waited for them. */
async function followed(
  entries: number,
  look: (family: () => number[], shell: number, add: (pid: number) => void) => Promise<void>,
) {
  const script = `read x; for i in $(seq ${CHILDREN}); do /bin/true; done; echo done; read x`;
  const shell = new Deno.Command("sh", { args: ["-c", script], stdin: "piped", stdout: "piped" }).spawn();
  const writer = shell.stdin.getWriter();
  const { plan } = planFor(spec(shell.pid), host, "ring");
  const small: Plan = {
    ...plan,
    maps: plan.maps.map((map) => map.name === MAP.family ? { ...map, maxEntries: entries } : map),
  };
  const loaded = loadPlan(small, host, { variables: { realtime_offset: 0n, self_tgid: BigInt(Deno.pid) } });
  using session = openSession(small, loaded, { host, cpus });
  await writer.write(new TextEncoder().encode("\n"));
  const reader = shell.stdout.getReader();
  await reader.read();
  const { fd, spec: map } = loaded.maps.get(MAP.family)!;
  const add = (pid: number): void => updateMap(fd.fd, BigUint64Array.of(BigInt(pid)), new BigUint64Array(1), "family");
  await look(() => [...readMap(fd.fd, map, 1)].flatMap(pidsOf), shell.pid, add);
  const { quality } = session.finish();
  await writer.close();
  await reader.cancel();
  await shell.status;
  return quality;
}

function pidsOf({ keys, count }: { readonly keys: Uint8Array; readonly count: number }): number[] {
  const view = new DataView(keys.buffer, keys.byteOffset);
  return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(8 * i, true)));
}

Deno.test("a stranger that gets the number of one of the family is none of it", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing, or the numbers are those of a namespace");
  await followed(8192, async (family, shell, add) => {
    assert.ok(family().length > CHILDREN);
    // As if all the next numbers had been of the family.
    const next = Math.max(...family());
    for (let i = 1; i < 4096; i++) if (next + i !== Deno.pid) add(next + i);
    const stranger = new Deno.Command("true").spawn();
    await stranger.status;
    const now = family();
    assert.ok(now.includes(shell) && !now.includes(stranger.pid), `${stranger.pid}`);
  });
});

Deno.test("children that find no room in the family are counted", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing, or the numbers are those of a namespace");
  const quality = await followed(1, (family, shell) => Promise.resolve(assert.deepEqual(family(), [shell])));
  // And those of the substitution.
  assert.ok(quality.lost_by.map_full >= CHILDREN, JSON.stringify(quality.lost_by));
});

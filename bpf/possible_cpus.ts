import type { Host } from "../core/host/mod.ts";
import { parseCpuList } from "../core/host/parse_cpu_list.ts";

/** CPUs that there may ever be: that many values has an entry of a per-CPU map. */
export function possibleCpus(host: Host): number {
  return Math.max(1, parseCpuList(Deno.readTextFileSync(host.path("cpu_possible"))).length);
}

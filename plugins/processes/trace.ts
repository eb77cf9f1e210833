import type { Batch, Field, ProbeSpec, Quality, Results, SondeApi, ViewCollector } from "../../core/plugin_api/mod.ts";
import { processViews } from "./views.ts";

/** What to trace. */
export interface TraceOptions {
  readonly durationNs: number;
  readonly topN: number;
  readonly signal: AbortSignal;
}

/** Exits of one command under one parent. */
interface Group {
  readonly comm: string | null;
  readonly parentPid: number | null;
  readonly parentComm: string | null;
  count: number;
  readonly lifetimes: number[];
  cpuNs: number | null;
}

/** Bytes of the ring each event source streams through: a storm of 10,000 exits a second for a second. */
const RING_BYTES = 1 << 22;
/** Time between drains, ms. */
const DRAIN_MS = 100;

const f = (name: string, type: Field["type"], unit: Field["unit"], doc: string): Field => ({ name, type, unit, doc });

const COMMAND_FIELDS: readonly Field[] = [
  f("comm", "string", null, "Command name of the processes that ended"),
  f("parent_pid", "pid", null, "Their parent"),
  f("parent_comm", "string", null, "Its command name"),
  f("count", "int", "count", "How many ended"),
  f("rate", "rate", "events/s", "How many ended, per second"),
  f("lifetime_p50", "duration", "ns", "Median lifetime"),
  f("lifetime_p99", "duration", "ns", "99th percentile of lifetimes"),
  f("cpu", "ratio", "ratio", "CPU they used in their lives / the window, in CPUs"),
  f("share", "ratio", "ratio", "Share of all that ended"),
];
const PARENT_FIELDS: readonly Field[] = [
  f("parent_pid", "pid", null, "Parent"),
  f("parent_comm", "string", null, "Its command name"),
  f("count", "int", "count", "How many of its children ended"),
  f("rate", "rate", "events/s", "Per second"),
  f("share", "ratio", "ratio", "Share of all that ended"),
];
const TOTAL_FIELDS: readonly Field[] = [
  f("forks", "int", "count", "Processes and threads created"),
  f("execs", "int", "count", "Programs started"),
  f("exits", "int", "count", "Processes ended"),
  f("exec_rate", "rate", "events/s", "Programs started per second"),
  f("exit_rate", "rate", "events/s", "Processes ended per second"),
];

/** Watches processes start and end, and tells who starts them: what `trace_processes` answers (docs/tools.md). */
export async function traceProcesses(sonde: SondeApi, options: TraceOptions): Promise<Results> {
  const views = new Map(processViews(sonde).map((v) => [v.name, v]));
  const count = (name: string): ProbeSpec => ({
    ...specOf(views.get(name) as ViewCollector, []),
    output: { kind: "aggregate", keys: [], aggregates: [{ fn: "count", args: [], name: "count" }], maxKeys: 1 },
  });
  const cpu0 = sonde.ownCpuNs();
  using exits = await sonde.probes.open(
    specOf(views.get("process.exit") as ViewCollector, ["comm", "ppid", "parent_comm", "lifetime", "cpu"]),
  );
  using execs = await sonde.probes.open(count("process.exec"));
  using forks = await sonde.probes.open(count("process.fork"));
  const start = sonde.nowNs();
  const groups = new Map<string, Group>();
  while (!options.signal.aborted) {
    const left = (start + options.durationNs - sonde.nowNs()) / 1e6;
    if (left <= 0) break;
    await sonde.sleep(Math.min(DRAIN_MS, left), options.signal);
    addExits(sonde, exits.drain(), groups);
  }
  const durationNs = Math.max(1, sonde.nowNs() - start);
  const last = exits.finish();
  addExits(sonde, last.batch, groups);
  const [execDone, forkDone] = [execs.finish(), forks.finish()];
  const firstCell = (batch: Batch): number => batch.length > 0 ? Number(sonde.data.cellAt(batch.columns[0], 0)) : 0;
  const merged = sonde.data.mergeQuality([last.quality, execDone.quality, forkDone.quality]);
  const cpu_ns = sonde.ownCpuNs() - cpu0;
  const { probe_ns, estimated } = merged.cost;
  const q = sonde.data.quality({
    ...merged,
    duration_ns: durationNs,
    cost: { cpu_ns, probe_ns, ratio: (cpu_ns + probe_ns) / durationNs, estimated },
  });
  return tables(sonde, groups, firstCell(execDone.batch), firstCell(forkDone.batch), durationNs, options.topN, q);
}

function specOf(collector: ViewCollector, names: readonly string[]): ProbeSpec {
  const { source, filters, fields } = collector.view({});
  return {
    source,
    steps: filters.map((expr) => ({ kind: "filter", expr })),
    output: {
      kind: "stream",
      fields: names.map((name) => {
        const found = fields.find((x) => x.name === name);
        if (!found) throw new TypeError(`${collector.name} has no field ${name}`);
        return found;
      }),
      ringBytes: RING_BYTES,
    },
    includeSelf: false,
  };
}

function addExits(sonde: SondeApi, batch: Batch, groups: Map<string, Group>): void {
  const { cellAt } = sonde.data;
  const [comm, ppid, parentComm, lifetime, cpu] = batch.columns;
  for (let i = 0; i < batch.length; i++) {
    const name = cellAt(comm, i) as string | null;
    const parent = cellAt(ppid, i);
    const parentPid = parent === null ? null : Number(parent);
    const key = `${parentPid} ${name}`;
    let group = groups.get(key);
    if (!group) {
      group = {
        comm: name,
        parentPid,
        parentComm: cellAt(parentComm, i) as string | null,
        count: 0,
        lifetimes: [],
        cpuNs: 0,
      };
      groups.set(key, group);
    }
    group.count++;
    const life = cellAt(lifetime, i);
    if (life !== null) group.lifetimes.push(Number(life));
    const used = cellAt(cpu, i);
    // One that is not known makes the sum unknown.
    group.cpuNs = used === null || group.cpuNs === null ? null : group.cpuNs + Number(used);
  }
}

function tables(
  sonde: SondeApi,
  groups: ReadonlyMap<string, Group>,
  execs: number,
  forks: number,
  durationNs: number,
  topN: number,
  q: Quality,
): Results {
  const seconds = durationNs / 1e9;
  const exits = [...groups.values()].reduce((sum, g) => sum + g.count, 0);
  const share = (n: number): number => exits > 0 ? n / exits : 0;
  const commands = [...groups.values()].sort((a, b) => b.count - a.count);
  const parents = new Map<number | null, { comm: string | null; count: number }>();
  for (const g of commands) {
    const p = parents.get(g.parentPid) ?? { comm: g.parentComm, count: 0 };
    p.count += g.count;
    parents.set(g.parentPid, p);
  }
  const commandRows = commands.slice(0, topN).map((g) => {
    const n = g.count;
    const sorted = g.lifetimes.sort((a, b) => a - b);
    const at = (p: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? null;
    return [
      g.comm,
      g.parentPid,
      g.parentComm,
      n,
      n / seconds,
      at(0.5),
      at(0.99),
      g.cpuNs === null ? null : g.cpuNs / durationNs,
      share(n),
    ];
  });
  const parentRows = [...parents].sort((a, b) => b[1].count - a[1].count).slice(0, topN)
    .map(([pid, p]) => [pid, p.comm, p.count, p.count / seconds, share(p.count)]);
  const table = sonde.data.tableFromRows;
  const cut = (all: number, what: string): Quality =>
    all > topN ? sonde.data.quality({ ...q, notes: [...q.notes, `${all - topN} more ${what} are not listed`] }) : q;
  return {
    commands: table(COMMAND_FIELDS, commandRows, cut(commands.length, "commands")),
    parents: table(PARENT_FIELDS, parentRows, cut(parents.size, "parents")),
    totals: table(TOTAL_FIELDS, [[forks, execs, exits, execs / seconds, exits / seconds]], q),
  };
}

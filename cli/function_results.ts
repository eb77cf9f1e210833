import { type Bucket, field, type HistogramCell, type Results, tableFromRows } from "../core/data/mod.ts";
import { type FunctionRequest, type GraphRequest, traceFunctions, traceGraph } from "../core/ftrace/mod.ts";
import type { Host } from "../core/host/mod.ts";
import { addressText, createKernelSymbols, KERNEL_MODULE } from "../core/symbols/mod.ts";

const CALL_FIELDS = [
  field("function", "string", "Function of the kernel"),
  field("module", "string", "Module that it is of; null for the kernel itself"),
  field("caller", "string", "Function that called it"),
  field("caller_module", "string", "Module of the caller"),
  field("calls", "int", "How often"),
];

const TIME_FIELDS = [
  field("function", "string", "Function of the kernel"),
  field("module", "string", "Module that it is of; null for the kernel itself"),
  field("calls", "int", "How often it returned"),
  field("total", "duration", "All its calls together, callees included"),
  field("self", "duration", "The same without callees that were traced"),
  field("avg", "duration", "Mean of a call"),
  field("min", "duration", "The shortest call"),
  field("max", "duration", "The longest call"),
  field("durations", "histogram", "Calls by how long they took", "ns"),
];

/** A function by its name, and where it is. */
interface Named {
  readonly name: string;
  readonly module: string | null;
}

/** Names for addresses of the kernel, each looked up once. */
export function kernelNames(host: Host): (address: number) => Named {
  const symbols = createKernelSymbols(host).load();
  const known = new Map<number, Named>();
  return (address) => {
    let named = known.get(address);
    if (!named) {
      const found = symbols?.find(address);
      const module = found && found.module !== KERNEL_MODULE ? found.module.replace(/^\[|\]$/g, "") : null;
      known.set(address, named = { name: found?.name ?? addressText(address), module });
    }
    return named;
  };
}

/** Calls of the kernel's functions, by function and caller. */
export async function functionCounts(host: Host, request: FunctionRequest): Promise<Results> {
  const trace = await traceFunctions(host, request);
  const name = kernelNames(host);
  // Several addresses may have one name: copies of a function, places in a caller.
  const sums = new Map<string, [...cells: (string | null)[], calls: number]>();
  for (const { address, caller, calls } of trace.calls) {
    const f = name(address);
    const c = name(caller);
    const key = [f.name, f.module, c.name, c.module].join("\0");
    const row = sums.get(key) as [string, string | null, string, string | null, number] | undefined;
    if (row) row[4] += calls;
    else sums.set(key, [f.name, f.module, c.name, c.module, calls]);
  }
  const rows = [...sums.values()].sort((a, b) => Number(b[4]) - Number(a[4]));
  return { calls: tableFromRows(CALL_FIELDS, rows, trace.quality) };
}

/** How long calls of the kernel's functions took. */
export async function functionTimes(host: Host, request: GraphRequest): Promise<Results> {
  const trace = await traceGraph(host, request);
  const name = kernelNames(host);
  const rows = [...trace.times].sort((a, b) => b.totalNs - a.totalNs).map((t) => {
    const { name: text, module } = name(t.address);
    const { calls, totalNs, selfNs, minNs, maxNs } = t;
    return [text, module, calls, totalNs, selfNs, Math.round(totalNs / calls), minNs, maxNs, histogramOf(t.buckets)];
  });
  return { times: tableFromRows(TIME_FIELDS, rows, trace.quality) };
}

function histogramOf(counts: readonly number[]): HistogramCell {
  const buckets = counts.flatMap((count, i): Bucket[] =>
    count > 0 ? [{ min: i === 0 ? 0 : 2 ** (i - 1), max: 2 ** i, count }] : []
  );
  return { kind: "histogram", unit: "ns", buckets };
}

import { resultsToJson, type Table, UnsupportedError } from "../../core/data/mod.ts";
import type { ProbeSpec } from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { mountTracefs } from "../../core/host/mod.ts";
import { openSession, type Session } from "../session.ts";
import type { DoctorCheck } from "../doctor_check.ts";
import { print } from "../output.ts";
import { terminalProgress } from "../progress.ts";
import { renderOptions } from "../render_options.ts";

/** What works here, what does not, why, and what to do about it. */
export async function doctor(options: { json?: boolean; clean?: boolean }): Promise<number> {
  const session = await openSession();
  if (options.clean) return await clean(session, options.json ?? false);
  const progress = terminalProgress();
  const checks = [
    ...kernelChecks(session),
    ...privilegeChecks(),
    ...await bpfChecks(session),
    ...await profilingChecks(session),
    ...await (await import("../tracer_checks.ts")).tracerChecks(session, progress.show),
  ];
  progress.clear();
  if (options.json) {
    const table = checkTable(session, checks);
    const json = {
      schema: 1,
      version: session.api.version,
      checks,
      results: resultsToJson({ checks: table }),
    };
    print(JSON.stringify(json, null, 2) + "\n");
    return 0;
  }
  const { styleFor, escapeText, wrap } = await import("../../core/render/mod.ts");
  const o = renderOptions();
  const style = styleFor(o);
  const mark = { yes: style.good("✓"), no: style.bad("✗"), unknown: style.warn("?") };
  let text = `sonde ${session.api.version} · Linux ${session.host.features().release}\n`;
  const narrow = o.width < 70;
  const indent = narrow ? 6 : 31;
  let area = "";
  let before: DoctorCheck | undefined;
  for (const c of checks) {
    if (c.area !== area) text += `\n${style.bold(c.area)}\n`;
    area = c.area;
    // One missing privilege refuses many things for the same reason: it is told once.
    const same = c.state !== "yes" && c.found === before?.found;
    before = c;
    const found = same ? "as above" : escapeText(c.found);
    text += `  ${mark[c.state]} ${narrow ? c.name : c.name.padEnd(26)}`;
    // Beside its name, or on a narrow terminal below it.
    const lines = wrap(found, o.width - indent - 1).map((l) => " ".repeat(indent) + l + "\n");
    text += narrow ? `\n${lines.join("")}` : ` ${lines.join("").trimStart()}`;
    if (c.remedy && c.state !== "yes" && !same) {
      text += wrap(escapeText(c.remedy), o.width - indent - 3).map((l) => `${" ".repeat(indent)}${style.dim(l)}\n`)
        .join("");
    }
  }
  print(text);
  return 0;
}

/**
 * Removes what killed runs left behind, and says what it was. Whatever else sonde attaches is owned by its descriptors, and
 * goes with the process.
 */
async function clean({ api, host }: Session, json: boolean): Promise<number> {
  const { removeLeftovers } = await import("../../core/ftrace/leftovers.ts");
  mountTracefs(host);
  const instances = `${host.path("tracefs")}/instances`;
  try {
    Deno.readDirSync(instances)[Symbol.iterator]().next();
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no tracefs here" : (error as Error).message;
    throw new UnsupportedError(`Cannot look into ${instances}: ${why}`, "Run as root, with tracefs mounted.");
  }
  const cleaned = removeLeftovers(host);
  if (json) print(JSON.stringify({ schema: 1, version: api.version, cleaned }, null, 2) + "\n");
  else {
    const { escapeText } = await import("../../core/render/mod.ts");
    const lines = cleaned.length > 0 ? cleaned : ["Nothing was left behind in tracefs"];
    print(lines.map((line) => escapeText(line) + "\n").join(""));
  }
  return 0;
}

function checkTable(session: Session, checks: readonly DoctorCheck[]): Table {
  const { field, tableFromRows } = session.api.data;
  const fields = ["area", "name", "state", "found", "remedy"].map((n) => field(n, "string"));
  return tableFromRows(fields, checks.map((c) => [c.area, c.name, c.state, c.found, c.remedy]));
}

function kernelChecks({ host }: Session): DoctorCheck[] {
  const f = host.features();
  const tracefsProblem = mountTracefs(host);
  const check = (name: string, ok: boolean, found: string, missing: string, remedy: string): DoctorCheck => ({
    area: "kernel",
    name,
    state: ok ? "yes" : "no",
    found: ok ? found : missing,
    remedy: ok ? "" : remedy,
  });
  return [
    check("pressure (PSI)", f.psi, "there", "not there", "Boot with psi=1, or use a kernel with CONFIG_PSI=y"),
    check("cgroups", f.cgroup !== "none", f.cgroup, "not mounted", "Mount cgroup2 at its usual place"),
    check("type information (BTF)", f.btf, "there", "not there", "Use a kernel with CONFIG_DEBUG_INFO_BTF=y"),
    check(
      "hardware counters (PMU)",
      f.pmu,
      "there",
      "none: CPU time is sampled by the CPU clock",
      "Virtual machines: ask for a virtual PMU",
    ),
    check(
      "tracefs",
      tracefsProblem === null,
      "mounted",
      tracefsProblem ?? "",
      "As root: mount -t tracefs tracefs /sys/kernel/tracing",
    ),
  ];
}

/** What lacks without each capability (capabilities(7)). */
const CAPABILITIES: readonly (readonly [keyof typeof CAP, string])[] = [
  ["BPF", "recipes cannot run probes in the kernel"],
  ["PERFMON", "CPUs cannot be sampled, probes cannot be attached"],
  ["SYS_PTRACE", "I/O and waits of other users' processes are not seen"],
  ["SYSLOG", "kernel functions have no names, the kernel log is not seen"],
  ["DAC_READ_SEARCH", "tracefs and files of other users are not read"],
];

function privilegeChecks(): DoctorCheck[] {
  return CAPABILITIES.map(([name, without]) => {
    const ok = hasCapability(CAP[name]);
    return {
      area: "privileges",
      name: `CAP_${name}`,
      state: ok ? "yes" : "no",
      found: ok ? "held" : `missing: ${without}`,
      remedy: ok ? "" : `Run as root, or give the process CAP_${name}`,
    };
  });
}

async function bpfChecks(session: Session): Promise<DoctorCheck[]> {
  const { probeFeatures } = await import("../../bpf/mod.ts");
  const { enginesOf } = await import("../engines.ts");
  const checks: DoctorCheck[] = probeFeatures(session.host).map((f) => ({
    area: "bpf",
    name: f.name,
    state: f.state,
    found: f.state === "yes" ? "works" : f.reason,
    remedy: f.remedy,
  }));
  checks.push(await libbpfCheck());
  // The smallest spec there is tells which engine gets recipes here; each has its say.
  const smallest: ProbeSpec = {
    source: { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] },
    steps: [],
    output: { kind: "aggregate", keys: [], aggregates: [{ fn: "count", args: [], name: "count" }], maxKeys: 1 },
    includeSelf: false,
  };
  let best = true;
  for (const engine of await enginesOf(session.host)) {
    await engine.prepare?.(smallest);
    const support = engine.supports(smallest);
    const found = support.ok
      ? best ? `runs probes of recipes here (${support.accuracy})` : `works too (${support.accuracy})`
      : support.reason;
    if (support.ok) best = false;
    checks.push({
      area: "engines",
      name: engine.name,
      state: support.ok ? "yes" : "no",
      found,
      remedy: support.ok ? "" : support.remedy,
    });
  }
  return checks;
}

/** libbpf is optional: programs compiled from C need it, recipes do not. */
async function libbpfCheck(): Promise<DoctorCheck> {
  const { libbpfVersion } = await import("../../bpf/libbpf_library.ts");
  const check = { area: "bpf", name: "libbpf" } as const;
  try {
    return { ...check, state: "yes", found: `${libbpfVersion()}: programs compiled from C can be loaded`, remedy: "" };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { ...check, state: "no", found: error.message, remedy: error.remedy };
  }
}

/** Samples for a moment: the only proof that sampling works. */
async function profilingChecks(session: Session): Promise<DoctorCheck[]> {
  const { signal } = session.context;
  const request = { pid: 0, frequencyHz: 99, durationNs: 50e6, kernel: true, user: true, signal };
  try {
    const { quality } = await session.api.samplers.cpu(request);
    const by = quality.notes.some((n) => n.includes("CPU clock")) ? "by the CPU clock" : "by CPU cycles";
    return [{ area: "profiling", name: "all CPUs", state: "yes", found: by, remedy: "" }];
  } catch (error) {
    const remedy = error instanceof Error && "remedy" in error ? String(error.remedy) : "";
    return [{ area: "profiling", name: "all CPUs", state: "no", found: (error as Error).message, remedy }];
  }
}

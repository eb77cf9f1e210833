import { type Results, UnsupportedError } from "../core/data/mod.ts";
import type { DoctorCheck } from "./doctor_check.ts";
import { commandPath } from "./command_path.ts";
import type { Session } from "./session.ts";

/** How long each is tried, ns. */
const TRIAL_NS = 10e6;
/** Every kernel that can be traced at all has it. */
const FUNCTION = "vfs_read";

/**
 * Tries each tracer and analyzer for a moment, the only proof that it works: by what, or why not.
 *
 * @param progress told what is tried
 */
export async function tracerChecks(session: Session, progress: (text: string) => void): Promise<DoctorCheck[]> {
  const { api, host, context: { signal } } = session;
  const tool = await session.registry.tool("run_ebpf_analyzer");
  const window = { pid: 0, durationNs: TRIAL_NS, signal };
  const trials: (readonly [name: string, run: () => Promise<string>])[] = [
    ["strace", async () => {
      const { COUNTS_ONLY, traceCalls } = await import("../core/ptrace/mod.ts");
      const command = { path: commandPath("true"), args: ["true"], env: {}, ignoredSignals: [] };
      const trace = await traceCalls(host, { ...COUNTS_ONLY, command });
      const { counts } = await trace.done;
      if (counts.length === 0) throw new UnsupportedError("No system call of a command was seen", "");
      return "works: ptrace";
    }],
    ["strace --bpf", async () => {
      const { countCallsByBpf } = await import("./count_calls_by_bpf.ts");
      await countCallsByBpf(host, { words: [], pids: [Deno.pid], durationNs: TRIAL_NS, signal });
      return "works: libbpf";
    }],
    ["ftrace", async () => {
      const { traceFunctions } = await import("../core/ftrace/mod.ts");
      await traceFunctions(host, { functions: [FUNCTION], ...window });
      return "works: the function tracer of a private instance in tracefs";
    }],
    [
      "calls of kernel functions",
      async () => measured(await api.calls.measure({ targets: [`kernel:${FUNCTION}`], ...window })),
    ],
    ["calls of system calls", async () => measured(await api.calls.measure({ targets: ["syscall:read"], ...window }))],
    ...(tool.params.program.enum ?? []).map((program) =>
      [`analyze ${program}`, async () => {
        const results = await tool.run(
          // Allocations are seen of one process only: of our own, for the moment.
          {
            program,
            pid: program === "memory_alloc_trace" ? Deno.pid : 0,
            duration_secs: TRIAL_NS / 1e9,
            mechanism: "auto",
          },
          session.context,
        );
        return measured(results);
      }] as const
    ),
  ];
  const checks: DoctorCheck[] = [];
  for (const [name, run] of trials) {
    progress(`${name} …`);
    checks.push({ area: "tracers", name, ...await tried(run) });
  }
  return checks;
}

async function tried(run: () => Promise<string>): Promise<Pick<DoctorCheck, "state" | "found" | "remedy">> {
  try {
    return { state: "yes", found: await run(), remedy: "" };
  } catch (error) {
    const [found] = (error as Error).message.split("\n");
    if (error instanceof UnsupportedError) return { state: "no", found, remedy: error.remedy };
    // Whatever it is, the rest of the report is worth having.
    return { state: "unknown", found, remedy: "" };
  }
}

/** What measured, as the notes have it. */
function measured(results: Results): string {
  const notes = Object.values(results)[0].quality.notes;
  const note = notes.find((n) => n.startsWith("Measured by "));
  if (note === undefined) return "works: libbpf";
  // `Measured by the engine bpf (fentry, fexit); attaching took 3 ms.`
  const way = note.slice("Measured by ".length).replace(/[;.].*$/, "");
  const why = notes.find((n) => n.startsWith("Not by a better way: "));
  return `works: ${way}${why ? `. ${why}` : ""}`;
}

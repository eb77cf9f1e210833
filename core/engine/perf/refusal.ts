import type { Host } from "../../host/mod.ts";
import { CAP, hasCapability, SysError } from "../../sys/mod.ts";

/** Why the kernel refuses an event, and what helps; each a sentence, the remedy may be empty. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
  /** Whether the answer stays the same as long as our privileges do: not so when descriptors or memory ran out. */
  readonly lasting: boolean;
}

const GRANT = "Run as root, or give the capabilities CAP_PERFMON and, for tracefs, CAP_DAC_READ_SEARCH: " +
  "`setcap cap_perfmon,cap_dac_read_search+ep` on the deno binary, or AmbientCapabilities= in a unit.";

/**
 * Puts a failed perf_event_open(2), or what belongs to it, into words.
 *
 * @param what was tried, as a phrase: "tracepoint:sched:sched_switch"
 * @throws what is no {@linkcode SysError}
 */
export function refusalOf(error: unknown, what: string, host: Host): Refusal {
  if (!(error instanceof SysError)) throw error;
  if (error.call !== "perf_event_open" && error.message.includes("probe_events")) return probeRefusal(error, what);
  switch (error.code) {
    case "EPERM":
    case "EACCES":
      return { ...permissionRefusal(error, what, host), lasting: true };
    case "ENOENT":
    case "EOPNOTSUPP":
    case "ENODEV":
      return {
        reason: `This machine cannot count it: ${what} (${error.code})`,
        remedy: what.startsWith("hardware:")
          ? "Virtual machines: ask for a virtual PMU; profile: and software: events need none."
          : "`sonde list probes` lists what there is.",
        lasting: true,
      };
    case "ENOSYS":
      return {
        reason: `This kernel has no perf_event_open(2), or a seccomp filter hides it: ${what}`,
        remedy: "Use a kernel with CONFIG_PERF_EVENTS, or allow perf_event_open(2) in the container's seccomp profile.",
        lasting: true,
      };
    case "EINVAL":
      return {
        reason: `The kernel refuses the period or frequency: ${what} (EINVAL)`,
        remedy: "Take a lower frequency: the sysctl kernel.perf_event_max_sample_rate is the limit.",
        lasting: false,
      };
    case "EMFILE":
    case "ENFILE":
      return {
        reason: `There are too few file descriptors for it, one a CPU and probe: ${what}`,
        remedy: "Raise the limit (ulimit -n), or use fewer probes.",
        lasting: false,
      };
    default:
      return { reason: `${what}: ${error.code}`, remedy: error.remedy, lasting: false };
  }
}

/** A probe by breakpoint that tracefs refused. */
function probeRefusal(error: SysError, what: string): Refusal {
  const refusal = (reason: string, remedy: string, lasting: boolean): Refusal => ({ reason, remedy, lasting });
  if (error.call === "openat" && error.code === "ENOENT") {
    return refusal(
      `This kernel has no probes by breakpoint: tracefs lacks the file that ${what} takes`,
      "Use a kernel with CONFIG_KPROBE_EVENTS and CONFIG_UPROBE_EVENTS, or tracepoints.",
      true,
    );
  }
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return refusal(`Probes by breakpoint are not permitted: ${error.message}`, "Run as root.", true);
    case "EADDRNOTAVAIL":
      return refusal(`Several functions have the name: ${what}`, "Probe a function that calls it.", false);
    case "ENOENT":
    case "EINVAL":
      return refusal(
        `The kernel puts no probe there: ${what} (${error.code})`,
        "`sonde list probes` lists places.",
        false,
      );
    default:
      return refusal(`${what}: ${error.message}`, "", false);
  }
}

function permissionRefusal(error: SysError, what: string, host: Host): Pick<Refusal, "reason" | "remedy"> {
  if (hasCapability(CAP.SYS_ADMIN) || hasCapability(CAP.PERFMON)) {
    return {
      reason: `The kernel refuses ${what} (${error.code}) although all capabilities are there`,
      remedy: "Look for kernel lockdown, a seccomp filter or a security module (dmesg), or a user namespace: " +
        "there capabilities do not count.",
    };
  }
  const { perfEventParanoid: level } = host.features();
  const sysctl = level === null ? "" : `; perf_event_paranoid is ${level}`;
  return { reason: `perf_event_open(2) is not permitted: CAP_PERFMON is missing${sysctl}`, remedy: GRANT };
}

import { CAP, hasCapability, SysError } from "../core/sys/mod.ts";
import { type Host, isKernelBefore } from "../core/host/mod.ts";
import type { SourceSpec } from "../core/query/mod.ts";
import { VerifierError } from "./kernel/verifier_error.ts";

/** Why the kernel refuses, and what helps; each a sentence, the remedy may be empty. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
  /** Capabilities that are missing, where it is for them: `CAP_BPF`. */
  readonly missing?: readonly string[];
}

function grant(needs: readonly Capability[]): string {
  if (needs.includes("NET_ADMIN")) {
    return "Run as root, or give the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN.";
  }
  return "Run as root, or give the capabilities CAP_BPF and CAP_PERFMON (for tracefs also CAP_DAC_READ_SEARCH): " +
    "`setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep` on the deno binary, or AmbientCapabilities= in a unit.";
}

/**
 * Puts a failed call into words: which capability is missing, or that the kernel refuses although all are there.
 *
 * @param what was tried, as a phrase: "attaching to raw tracepoint x"
 * @param needs capabilities that it takes; CAP_SYS_ADMIN stands for all of them
 */
export function refusalOf(
  error: unknown,
  what: string,
  host: Host,
  needs: readonly Capability[] = PROBE_NEEDS,
): Refusal {
  if (error instanceof VerifierError) return { reason: error.message, remedy: "" };
  if (!(error instanceof SysError)) throw error;
  switch (error.code) {
    case "EPERM":
    case "EACCES":
      return permissionRefusal(error, what, host, needs);
    case "EOPNOTSUPP":
    case "ENOENT":
      if (what.startsWith("hardware:")) {
        return {
          reason: `This machine has no such counter: ${what} (${error.code})`,
          remedy: "Virtual machines: ask for a virtual PMU; profile: and software: events need none.",
        };
      }
      return {
        reason: `The kernel knows nothing of that name: ${what}`,
        remedy: "`sonde list probes` lists what there is.",
      };
    case "ENOSYS":
      return {
        reason: `This kernel has no bpf(2), or a seccomp filter hides it: ${what}`,
        remedy: "Use a kernel with CONFIG_BPF_SYSCALL, or allow bpf(2) in the container's seccomp profile.",
      };
    case "ENOMEM":
      return {
        reason: `The kernel has no memory for it: ${what}`,
        remedy: "Use fewer keys or a smaller ring; before Linux 5.11 raise `ulimit -l`.",
      };
    case "EINVAL":
      return { reason: `This kernel does not know how: ${what} (EINVAL)`, remedy: "It takes Linux 5.8 or newer." };
    case "EBUSY":
      return { reason: `Something else is attached there: ${what} (EBUSY)`, remedy: "" };
    default:
      return { reason: `${what}: ${error.code}`, remedy: error.remedy };
  }
}

/** What a probe may take beside the two that all take. */
export type Capability = "BPF" | "PERFMON" | "SYS_ADMIN" | "NET_ADMIN";
const PROBE_NEEDS: readonly Capability[] = ["BPF", "PERFMON"];

/** The capabilities that the probes of a source take. */
export function needsOf(source: SourceSpec): readonly Capability[] {
  const packets = source.kind === "event" && source.probes.some((p) => p.kind === "xdp");
  return packets ? [...PROBE_NEEDS, "NET_ADMIN"] : PROBE_NEEDS;
}

function permissionRefusal(error: SysError, what: string, host: Host, needs: readonly Capability[]): Refusal {
  const admin = hasCapability(CAP.SYS_ADMIN);
  const missing = admin ? [] : needs.filter((name) => !hasCapability(CAP[name])).map((name) => `CAP_${name}`);
  if (missing.length === 0 && isKernelBefore(host, 5, 11) && !hasCapability(CAP.SYS_RESOURCE)) {
    return {
      reason: `The kernel refuses ${what} (${error.code}): before Linux 5.11 BPF counts as locked memory`,
      remedy: "Raise the limit (ulimit -l unlimited), or give CAP_SYS_RESOURCE.",
    };
  }
  if (missing.length === 0) {
    return {
      reason: `The kernel refuses ${what} (${error.code}) although all capabilities are there`,
      remedy: "Look for kernel lockdown, a seccomp filter or a security module (dmesg), or a user namespace: " +
        "there capabilities do not count.",
    };
  }
  const { unprivilegedBpfDisabled: disabled } = host.features();
  const sysctl = disabled !== null && disabled !== 0 ? `; unprivileged_bpf_disabled is ${disabled}` : "";
  const verb = missing.length === 1 ? "is" : "are";
  return {
    reason: `bpf(2) is not permitted: ${missing.join(" and ")} ${verb} missing${sysctl}`,
    remedy: needs.includes("SYS_ADMIN") ? "Run as root, or give the capability CAP_SYS_ADMIN." : grant(needs),
    missing,
  };
}

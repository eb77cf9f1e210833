import type { CgroupLayout } from "./_cgroup_layout.ts";
import { parseMountInfo } from "./parse_mountinfo.ts";
import { parsePidStatus } from "./parse_pid_status.ts";
import type { HostFeatures } from "./host.ts";
import type { Reader } from "./_reader.ts";

/** Where tracefs is mounted, or null. */
export function findTracefs(reader: Reader): string | null {
  const mounts = parseMountInfo(reader.text("/proc/self/mountinfo") ?? "").filter((m) => m.type === "tracefs");
  // debugfs brings a second mount of it; the first-class one is preferred, since debugfs may be closed to us.
  return (mounts.find((m) => m.mountPoint === "/sys/kernel/tracing") ?? mounts[0])?.mountPoint ?? null;
}

/** What the kernel offers, by looking at files that everybody may read. */
export function readFeatures(reader: Reader, layout: CgroupLayout): HostFeatures {
  const status = parsePidStatus(reader.text("/proc/self/status") ?? "");
  const sources = reader.list("/sys/bus/event_source/devices");
  return {
    release: reader.word("/proc/sys/kernel/osrelease") ?? "",
    // With psi=0 the files are there but cannot be read.
    psi: reader.text("/proc/pressure/cpu") !== null,
    cgroup: layout.kind,
    btf: reader.exists("/sys/kernel/btf/vmlinux"),
    // "cpu" on x86, "cpu_core" and "cpu_atom" on its hybrids, "armv8_pmuv3_0" and the like on arm64.
    pmu: sources.some((s) => /^(cpu|cpu_core|cpu_atom|armv\d_.*)$/.test(s)),
    tracefs: findTracefs(reader),
    perfEventParanoid: reader.number("/proc/sys/kernel/perf_event_paranoid"),
    unprivilegedBpfDisabled: reader.number("/proc/sys/kernel/unprivileged_bpf_disabled"),
    kptrRestrict: reader.number("/proc/sys/kernel/kptr_restrict"),
    capabilities: status.capabilities,
    uid: status.uid,
  };
}

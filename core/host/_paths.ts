import type { HostPath } from "./host.ts";

/** Path of what other rooms read themselves, without the root prefix. */
export function hostPath(what: HostPath, pid: number | undefined, tracefs: string | null): string {
  if (what.startsWith("pid_")) return `/proc/${pid ?? "self"}/${what.slice(4).replace(/^ns_/, "ns/")}`;
  switch (what) {
    case "kallsyms":
    case "modules":
      return `/proc/${what}`;
    case "boot_id":
      return "/proc/sys/kernel/random/boot_id";
    case "btf_vmlinux":
      return "/sys/kernel/btf/vmlinux";
    case "btf_modules":
      return "/sys/kernel/btf";
    case "net_class":
      return "/sys/class/net";
    case "tracefs":
      return tracefs ?? "/sys/kernel/tracing";
    case "self_stat":
      return "/proc/self/stat";
    case "kernel_notes":
      return "/sys/kernel/notes";
    case "cpu_possible":
    case "cpu_online":
      return `/sys/devices/system/cpu/${what.slice(4)}`;
    case "perf_event_paranoid":
      return "/proc/sys/kernel/perf_event_paranoid";
    case "event_source":
      return "/sys/bus/event_source/devices";
    default:
      throw new RangeError(`"${what}" is no path of the host`);
  }
}

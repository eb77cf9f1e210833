import type { Reader } from "./_reader.ts";

/** Clock sources that only exist under one hypervisor (drivers/clocksource, arch/x86/kernel/kvmclock.c). */
const CLOCKS: readonly (readonly [string, string])[] = [
  ["kvm-clock", "kvm"],
  ["hyperv_clocksource", "hyperv"],
  ["xen", "xen"],
  ["vmware", "vmware"],
];

/** System makers as firmware names them (systemd's detect-virt has the same table). */
const MAKERS: readonly (readonly [RegExp, string])[] = [
  [/^(KVM|OpenStack|Amazon EC2|Google)/i, "kvm"],
  // With KVM its clock is offered too: what is left is emulation.
  [/^QEMU/, "qemu"],
  [/^VMware/i, "vmware"],
  [/^Microsoft Corporation$/i, "hyperv"],
  [/^Xen$/i, "xen"],
  [/^(innotek GmbH|VirtualBox|Oracle Corporation)$/i, "virtualbox"],
  [/^(Parallels|BHYVE|Apple Virtualization)/i, "other"],
];

/**
 * Kind of hypervisor that we run under, or null on bare metal. Without reading CPUID: from Xen's sysfs, the clock
 * sources offered, the device tree (arm64), the CPU flag, and for its name the firmware's maker.
 */
export function readHypervisor(reader: Reader, flags: ReadonlySet<string>): string | null {
  const xen = reader.word("/sys/hypervisor/type");
  if (xen !== null) return xen;
  const clocks = reader.word("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "";
  for (const [clock, name] of CLOCKS) if (clocks.includes(clock)) return name;
  const tree = reader.word("/proc/device-tree/hypervisor/compatible");
  if (tree !== null) return /kvm/.test(tree) ? "kvm" : /xen/.test(tree) ? "xen" : "other";
  const maker = reader.word("/sys/class/dmi/id/sys_vendor") ?? "";
  const named = MAKERS.find(([pattern]) => pattern.test(maker))?.[1];
  if (flags.has("hypervisor")) return named ?? "other";
  // A bare-metal machine of the same maker (EC2 .metal, Surface) has no flag; arm64 has none at all.
  return flags.has("fpu") ? null : named === "qemu" ? "qemu" : null;
}

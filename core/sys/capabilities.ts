import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { check } from "./sys_error.ts";

/** Capability numbers that matter to observing (include/uapi/linux/capability.h). */
export const CAP = {
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  NET_ADMIN: 12,
  SYS_MODULE: 16,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  SYS_RESOURCE: 24,
  SYSLOG: 34,
  PERFMON: 38,
  BPF: 39,
} as const;

/** Effective capabilities of the calling thread as a bit set (`capget(2)`). @throws {SysError} */
export function effectiveCapabilities(): bigint {
  const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
  const header = new Uint32Array([LINUX_CAPABILITY_VERSION_3, 0]);
  // Two of struct { u32 effective, permitted, inheritable }: low and high halves.
  const data = new Uint32Array(6);
  check(library().twoBuffers(NR.capget, header, data), "capget");
  return BigInt(data[0]) | BigInt(data[3]) << 32n;
}

/** Whether the calling thread has a capability. @param capability one of {@linkcode CAP} */
export function hasCapability(capability: number): boolean {
  return (effectiveCapabilities() >> BigInt(capability) & 1n) === 1n;
}

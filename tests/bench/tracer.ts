import { bpftraceCommand } from "../bpftrace_oracle.ts";
import { type AttachedSign, bpftraceAttached } from "./until_attached.ts";

/** A tracer to compare with. */
export interface Tracer {
  /** With its version. */
  readonly name: string;
  /** Whether it is the one of the chroot. */
  readonly newest: boolean;
  readonly command: string;
  /** What stands before its own arguments. */
  readonly args: readonly string[];
  readonly attached: AttachedSign;
}

/** The installed bpftrace and the one in the chroot of {@linkcode bpftraceCommand}, as far as they are to be had. */
export async function tracers(): Promise<Tracer[]> {
  const found: Tracer[] = [];
  for (const newest of [false, true]) {
    const oracle = await bpftraceCommand(newest);
    if (!oracle || found.some((t) => t.name.endsWith(` ${oracle.version}`))) continue;
    const { version, command, args } = oracle;
    found.push({ name: `bpftrace ${version}`, newest, command, args, attached: bpftraceAttached(version) });
  }
  return found;
}

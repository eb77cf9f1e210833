/** What differs between processors; everything else in the project is the same on all of them. @module */
import { arm64 } from "./arm64.ts";
import { x64 } from "./x64.ts";
import type { Arch } from "./arch.ts";

export type { Arch, SyscallName } from "./arch.ts";
export { arm64, x64 };

/** The processor we run on. */
export const arch: Arch = Deno.build.arch === "aarch64" ? arm64 : x64;

/** System call numbers of the processor we run on: `NR.read`. */
export const NR: Arch["syscalls"] = arch.syscalls;

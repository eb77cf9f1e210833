import type { Host } from "../host/mod.ts";
import { openMappedFile } from "./open_mapped_file.ts";
import type { CodeMapping } from "./code_mapping.ts";
import { type JitDump, JitDumpError, readJitDump } from "./jitdump.ts";

/** Runtimes map a page of their file as code, so that profilers learn of it. */
const NAME = /\/jit-(\d+)\.dump$/;

/**
 * The jitdump file that a process has mapped. It is found by that mapping alone and must be the file of then, so that
 * nobody can lay one under.
 *
 * @returns null when there is none, or none to be trusted
 */
export function readJitDumpOf(host: Host, pid: number, mappings: readonly CodeMapping[]): JitDump | null {
  const mapping = mappings.findLast((m) => NAME.test(m.path));
  if (!mapping) return null;
  const file = openMappedFile(host, pid, mapping);
  if (typeof file === "string") return null;
  using opened = file;
  const owner = host.processStatus(pid)?.uid ?? Deno.uid();
  if (opened.uid !== owner && opened.uid !== 0) return null;
  try {
    return readJitDump(opened);
  } catch (error) {
    if (error instanceof JitDumpError) return null;
    throw error;
  }
}

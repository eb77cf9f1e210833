import type { Host } from "../host/mod.ts";
import { type Kallsyms, parseKallsyms } from "./kallsyms.ts";
import { readProcFile } from "./regular_file.ts";

/** The kernel's symbols, read when first asked for and again when they may have changed. */
export interface KernelSymbols {
  /** Null when the file cannot be read. */
  load(): Kallsyms | null;
}

/** Modules and BPF programs come and go: what is older than this, in ms, is read again. */
const MAX_AGE_MS = 60_000;
const EXPECTED_BYTES = 8 << 20;
const MAX_BYTES = 256 << 20;

/**
 * A reader of the kernel's symbols that reads them at most once a minute.
 *
 * @param now a clock in milliseconds, replaced in tests
 */
export function createKernelSymbols(host: Host, now: () => number = () => performance.now()): KernelSymbols {
  let known: Kallsyms | null = null;
  let readAt = -Infinity;
  return {
    load: () => {
      if (now() - readAt > MAX_AGE_MS) {
        const bytes = readProcFile(host.path("kallsyms"), MAX_BYTES, EXPECTED_BYTES);
        known = bytes && parseKallsyms(bytes);
        readAt = now();
      }
      return known;
    },
  };
}

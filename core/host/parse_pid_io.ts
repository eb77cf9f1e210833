import { parseColonValues } from "./_colon_values.ts";
import type { ProcessIo } from "./types.ts";

/** Parses `/proc/PID/io` (proc_pid_io(5)): the whole process, threads that ended included. */
export function parsePidIo(text: string): ProcessIo {
  const values = parseColonValues(text);
  const at = (name: string): number => values.get(name) ?? 0;
  return {
    readChars: at("rchar"),
    writeChars: at("wchar"),
    readSyscalls: at("syscr"),
    writeSyscalls: at("syscw"),
    readBytes: at("read_bytes"),
    writeBytes: at("write_bytes"),
    cancelledWriteBytes: at("cancelled_write_bytes"),
  };
}

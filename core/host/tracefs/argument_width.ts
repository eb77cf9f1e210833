import type { FormatField } from "./parse_format.ts";

/**
 * How wide an argument of a system call is by its C type, in bytes. Registers, and the records of the syscalls
 * tracepoints, are 64 bits wide whatever the argument is: what lies above its type's width is not the kernel's to trust.
 */
export function argumentWidth(f: FormatField): { width: 1 | 2 | 4 | 8; signed: boolean } {
  if (f.type.includes("*")) return { width: 8, signed: false };
  switch (f.type.replace(/^const /, "")) {
    case "int":
    case "pid_t":
    case "clockid_t":
    case "timer_t":
    case "key_serial_t":
    case "mqd_t":
      return { width: 4, signed: true };
    case "unsigned int":
    case "unsigned":
    case "uid_t":
    case "gid_t":
    case "qid_t":
    case "u32":
    case "__u32":
      return { width: 4, signed: false };
    case "umode_t":
      return { width: 2, signed: false };
    case "long":
    case "off_t":
    case "loff_t":
      return { width: 8, signed: true };
    default:
      return { width: 8, signed: false };
  }
}

import type { Reader } from "./_reader.ts";
import type { StatUnits } from "./parse_pid_stat.ts";

/** Types in the auxiliary vector (getauxval(3), include/uapi/linux/auxvec.h). */
const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

/** Page size and clock ticks a second, from our own auxiliary vector; 4096 and 100 for a recorded tree without it. */
export function readUnits(reader: Reader): StatUnits {
  let pageSize = 4096;
  let ticksPerSecond = 100;
  const length = reader.bytes("/proc/self/auxv");
  if (length > 0) {
    const words = new DataView(reader.buffer.buffer, 0, length);
    for (let i = 0; i + 16 <= length; i += 16) {
      const value = Number(words.getBigUint64(i + 8, true));
      if (words.getBigUint64(i, true) === BigInt(AT_PAGESZ)) pageSize = value;
      if (words.getBigUint64(i, true) === BigInt(AT_CLKTCK)) ticksPerSecond = value;
    }
  }
  return { pageSize, ticksPerSecond };
}

import { fileURLToPath } from "node:url";

/** A program in C that does to a disk what it is told, and says how long that took: see its head. */
export const DISK_LOAD = Deno.readTextFileSync(fileURLToPath(new URL("disk_load.c", import.meta.url)));
/** Bytes of each of its reads and writes. */
export const [READ_SIZE, WRITE_SIZE] = ["READ", "WRITE"].map((name) =>
  4096 * Number(DISK_LOAD.match(new RegExp(`^#define ${name} \\((\\d+) \\* PAGE\\)$`, "m"))?.[1])
);

import { SYSCALL_NAMES_ARM64 } from "./_syscall_names_arm64.ts";
import { SYSCALL_NAMES_X64 } from "./_syscall_names_x64.ts";

const tables = new Map<string, readonly (string | undefined)[]>();

/**
 * Name of a system call by its number.
 *
 * @param arch `x86_64` or `aarch64`; 32-bit programs on them have other numbers
 * @returns `syscall_N` for one without a known name
 */
export function syscallName(number: number, arch: string = Deno.build.arch): string {
  return tableOf(arch)[number] ?? `syscall_${number}`;
}

/** Number of a system call by its name, or null when the architecture has none of that name. */
export function syscallNumber(name: string, arch: string = Deno.build.arch): number | null {
  const number = tableOf(arch).indexOf(name);
  return number < 0 ? null : number;
}

/** Names of all system calls that the architecture has, sorted. */
export function syscallNames(arch: string = Deno.build.arch): string[] {
  return tableOf(arch).filter((name) => name !== undefined).sort();
}

function tableOf(arch: string): readonly (string | undefined)[] {
  let table = tables.get(arch);
  if (table === undefined) {
    table = arch === "x86_64" ? expand(SYSCALL_NAMES_X64) : arch === "aarch64" ? expand(SYSCALL_NAMES_ARM64) : [];
    tables.set(arch, table);
  }
  return table;
}

function expand(names: string): (string | undefined)[] {
  const table: (string | undefined)[] = [];
  for (const word of names.trim().split(/\s+/)) {
    if (word.startsWith("+")) table.length += Number(word.slice(1));
    else table.push(word);
  }
  return table;
}

import type { Host } from "../../core/host/mod.ts";
import type { NameTable } from "../codegen/access.ts";

/** The text that a number stands for; null when there is none (any more). */
export function nameOf(table: NameTable, n: number, host: Host): string | null {
  switch (table.kind) {
    case "listed":
      return table.names.get(BigInt(n)) ?? null;
    case "cgroup":
      return host.cgroupPath(n);
    case "container":
      return host.containerOf(host.cgroupPath(n));
  }
}

/** The numbers that stand for a text; null when only the text can be made from the number. */
export function numbersOf(table: NameTable, text: string, host: Host): readonly bigint[] | null {
  switch (table.kind) {
    case "listed":
      return [...table.names].filter(([, name]) => name === text).map(([n]) => n);
    case "cgroup": {
      const id = host.cgroupId(text);
      return id === null ? [] : [BigInt(id)];
    }
    case "container":
      return null;
  }
}

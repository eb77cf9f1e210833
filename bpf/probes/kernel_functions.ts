import type { Host } from "../../core/host/mod.ts";

/** Names of the kernel's functions. Read when first needed. */
export interface KernelFunctions {
  has(name: string): boolean;
  /** Those that probes may be put on, sorted, each once. */
  names(): readonly string[];
}

/**
 * Reads them from tracefs (`available_filter_functions`: those that can be traced), where that is readable, else from
 * the kernel's symbols (some 60 ms).
 */
export function openKernelFunctions(host: Host): KernelFunctions {
  let known: readonly string[] | undefined;
  let set: ReadonlySet<string> | undefined;
  const names = (): readonly string[] => known ??= traceable(host) ?? symbols(host);
  return {
    has(name): boolean {
      // A symbol may not be traceable and yet be there: the kernel will tell.
      set ??= new Set([...names(), ...symbols(host)]);
      return set.has(name);
    },
    names,
  };
}

function traceable(host: Host): readonly string[] | null {
  const text = readOrEmpty(`${host.path("tracefs")}/available_filter_functions`);
  if (text === "") return null;
  // `name` or `name [module]`.
  return unique(text.split("\n").map((line) => line.split(/\s/, 1)[0]));
}

/** Text symbols: lines `ADDRESS TYPE NAME[\t[MODULE]]`. */
function symbols(host: Host): readonly string[] {
  const names: string[] = [];
  for (const line of readOrEmpty(host.path("kallsyms")).split("\n")) {
    const type = line[17];
    if (type === "t" || type === "T") names.push(line.slice(19).split("\t", 1)[0]);
  }
  return unique(names);
}

/** Clones that compilers make (`name.constprop.0`, `__pfx_name`) are none of the source's functions. */
function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter((n) => /^[A-Za-z_]\w*$/.test(n) && !n.startsWith("__pfx_")).sort();
}

function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return "";
    throw error;
  }
}

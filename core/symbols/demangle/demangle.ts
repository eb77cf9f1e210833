import { demangleItanium } from "./itanium.ts";
import { demangleRustLegacy } from "./rust_legacy.ts";
import { demangleRustV0 } from "./rust_v0.ts";

/**
 * The readable form of a symbol's name: C++ without parameters, Rust without hashes, C without a version
 * (`@@GLIBC_2.2.5`). Names that are none of these come back as they are.
 */
export function demangle(name: string): string {
  const at = name.indexOf("@");
  const plt = name.endsWith("@plt");
  const symbol = at > 0 ? name.slice(0, at) : name;
  const readable = demangleSymbol(symbol) ?? symbol;
  return plt ? `${readable}@plt` : readable;
}

function demangleSymbol(symbol: string): string | null {
  if (symbol.startsWith("_Z")) return demangleRustLegacy(symbol) ?? demangleItanium(symbol);
  if (symbol.startsWith("_R")) return demangleRustV0(symbol);
  return null;
}

import { UnsupportedError } from "../../core/data/mod.ts";

/** Runs a program in the kernel that tells where our task stands among pid namespaces. */
export function askNamespace(): { readonly level: number; readonly tgid: number } {
  throw new UnsupportedError(
    "Probes are not supported inside a pid namespace yet",
    "Run in the initial pid namespace.",
  );
}

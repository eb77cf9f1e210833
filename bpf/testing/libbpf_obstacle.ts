import { UnsupportedError } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { libbpfVersion } from "../libbpf_library.ts";

/** Why objects compiled from C cannot be tested here, for `skip`; empty when they can. */
export function libbpfObstacle(): string {
  try {
    libbpfVersion();
  } catch (error) {
    if (error instanceof UnsupportedError) return "libbpf is not installed";
    throw error;
  }
  if (!hasCapability(CAP.BPF)) return "CAP_BPF is missing";
  return openHost().features().btf ? "" : "the kernel has no BTF";
}

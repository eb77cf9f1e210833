import { catalogOf } from "../bpf/list_probes.ts";
import { codeFiles, loadCodeFiles } from "../bpf/probes/code_files.ts";
import { userPlaces } from "../bpf/probes/user_places.ts";
import type { FunctionValue, ProbeResolver } from "../core/engine/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { ProbePoint } from "../core/query/mod.ts";
import { PT_REGS } from "../core/sys/arch/pt_regs.ts";

/** What knows functions, for engines that have no BPF: the same catalogue that checks recipes. */
export async function probeResolver(host: Host): Promise<ProbeResolver> {
  await loadCodeFiles();
  const files = codeFiles();
  const catalog = catalogOf(host);
  return {
    values(point): readonly FunctionValue[] | null {
      const fields = catalog.fields(point);
      if (fields === null) return null;
      const names = fields.map((f) => f.name).filter((name) => name.startsWith("args."));
      const byPlace = point.kind === "kprobe" ? PT_REGS.arguments.map((_, i) => `args.${i}`) : [];
      return [...new Set([...names, ...byPlace])].flatMap((name) => valueOf(point, name) ?? []);
    },
    places(path, symbol) {
      const file = files.open(path);
      return { path: file.path, offsets: userPlaces(file, symbol) };
    },
  };

  function valueOf(point: ProbePoint, name: string): FunctionValue | null {
    const access = catalog.field(point, name)?.access;
    if (access?.kind !== "context") return null;
    const { width, signed, offset } = access;
    const index = name === "args.ret" ? 0 : PT_REGS.arguments.indexOf(offset);
    return index < 0 ? null : { name, index, width, signed };
  }
}

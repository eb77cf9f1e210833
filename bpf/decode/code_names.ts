import type { Frame } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import {
  type Address,
  addressText,
  type CodeMapping,
  codeMappings,
  createSymbolisers,
  type Symboliser,
  UNKNOWN,
} from "../../core/symbols/mod.ts";

/** Names code at addresses, for one session. Nothing is read before the first is asked for. */
export interface CodeNames {
  kernel(address: Address): Frame;
  /**
   * The frames at an address, outermost first: the function, then what was inlined into it there.
   *
   * @param pid whose code it is, in our pid namespace; its mappings are read once
   */
  userFrames(pid: number, address: Address): readonly Frame[];
  /** The function alone, of the kernel where `pid` is null; the address in its place when it has no name. */
  function(pid: number | null, address: Address): string;
  /** What could not be named and why, in sentences. */
  notes(): string[];
}

export function openCodeNames(host: Host): CodeNames {
  const mappings = new Map<number, readonly CodeMapping[]>();
  let symboliser: Symboliser | undefined;
  let ended = 0;
  const symbols = (): Symboliser => symboliser ??= createSymbolisers(host).start();
  const mappingsOf = (pid: number): readonly CodeMapping[] => {
    let found = mappings.get(pid);
    if (!found) {
      found = codeMappings(host.maps(pid));
      if (found.length === 0) ended++;
      mappings.set(pid, found);
    }
    return found;
  };
  const kernel: CodeNames["kernel"] = (address) => symbols().kernel(address);
  const userFrames: CodeNames["userFrames"] = (pid, address) => symbols().userFrames(pid, mappingsOf(pid), address);
  return {
    kernel,
    userFrames,
    function(pid, address): string {
      const frame = pid === null ? kernel(address) : userFrames(pid, address)[0];
      return frame.function === UNKNOWN ? addressText(address) : frame.function;
    },
    notes(): string[] {
      const gone = ended === 0
        ? []
        : [`${ended} process${ended === 1 ? " had" : "es had"} ended before their code could be named.`];
      return [...gone, ...(symboliser?.notes() ?? [])];
    },
  };
}

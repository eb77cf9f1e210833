import { type CodeMapping, isAnonymous } from "../../symbols/mod.ts";
import { KIND } from "./_rules.ts";
import type { UnwindModule } from "./_unwind_module.ts";
import type { UnwindModules } from "./_unwind_modules.ts";

/** The mappings of a process, prepared for asking which rule an address has. */
export class AddressSpace {
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  /** Added to an address, gives the address as the file's symbols name it. */
  readonly #deltas: Float64Array;
  readonly #modules: (UnwindModule | null | undefined)[];
  #last = 0;

  constructor(readonly pid: number, readonly mappings: readonly CodeMapping[], readonly modules: UnwindModules) {
    this.#starts = Float64Array.from(mappings, (m) => m.start);
    this.#ends = Float64Array.from(mappings, (m) => m.end);
    this.#deltas = new Float64Array(mappings.length);
    this.#modules = Array.from(mappings, (m) => isAnonymous(m.path) ? null : undefined);
  }

  /** Whether code lies at an address. */
  has(address: number): boolean {
    return this.#find(address) >= 0;
  }

  /** Index of the rule of an address. */
  rule(address: number): number {
    const i = this.#find(address);
    if (i < 0) return KIND.ANONYMOUS;
    const module = this.#modules[i];
    if (module) {
      const mapping = this.mappings[i];
      const inFile = address + this.#deltas[i];
      const rule = module.cached(inFile);
      return rule >= 0 ? rule : module.rule(inFile, this.modules.code(this.pid, mapping));
    }
    if (module === undefined) {
      this.load(i);
      return this.rule(address);
    }
    return isAnonymous(this.mappings[i].path) ? KIND.ANONYMOUS : KIND.NO_TABLE;
  }

  /** Reads the tables of the mapping with that index. */
  load(i: number): void {
    const m = this.mappings[i];
    const module = this.modules.load(this.pid, m);
    const toAddress = module?.addressOffset(m.offset, m.end - m.start) ?? null;
    this.#modules[i] = toAddress === null ? null : module;
    this.#deltas[i] = m.offset - m.start + (toAddress ?? 0);
  }

  #find(address: number): number {
    const last = this.#last;
    if (address >= this.#starts[last] && address < this.#ends[last]) return last;
    const ends = this.#ends;
    let lo = 0;
    let hi = ends.length;
    while (lo < hi) {
      const mid = lo + hi >>> 1;
      if (ends[mid] <= address) lo = mid + 1;
      else hi = mid;
    }
    if (lo < ends.length && this.#starts[lo] <= address) return this.#last = lo;
    return -1;
  }
}

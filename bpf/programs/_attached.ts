import type { Cost } from "../../core/data/mod.ts";
import { clockNs } from "../../core/sys/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import { inWords, type ProgramOptions } from "./_load.ts";
import { startMeter } from "./_measure.ts";

/** A loaded object whose programs are attached. Disposing it detaches and unloads everything. */
export interface Attached extends Disposable {
  /** Does our own work with its CPU time counted. */
  costed<T>(work: () => T): T;
  /**
   * Ends the window, once.
   *
   * @param last done before anything is detached
   */
  stop(last?: () => void): void;
  readonly stopped: boolean;
  /** The window until now or its end, ns; what it cost; and events at which a program was running already on that CPU. */
  measured(): { readonly durationNs: number; readonly cost: Cost; readonly missed: number };
}

/**
 * Attaches the programs of an object that are loaded. The object is disposed of when that fails.
 *
 * @param estimateNs what the programs will have cost, where the kernel's own statistics are not permitted
 * @param attach attaches them in an order of its own, and does what has to be done then
 * @throws {UnsupportedError} without permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function attachObject(
  object: BpfObject,
  options: ProgramOptions,
  estimateNs: () => number,
  attach: () => readonly Disposable[] = () => object.programs.filter((p) => p.autoload).map((p) => p.attach()),
): Attached {
  const meter = startMeter(object.programs.filter((p) => p.autoload).map((p) => p.fd), estimateNs);
  const links = new DisposableStack();
  const dispose = (): void => {
    links.dispose();
    meter[Symbol.dispose]();
    object[Symbol.dispose]();
  };
  try {
    meter.costed(attach).forEach((link) => links.use(link));
  } catch (error) {
    dispose();
    throw inWords(error, `attaching "${object.name}"`, options.host, options.btf !== undefined);
  }
  const startNs = clockNs();
  let endNs = 0;
  return {
    costed: (work) => meter.costed(work),
    stop(last = () => {}): void {
      if (endNs > 0) return;
      meter.costed(() => {
        last();
        links.dispose();
      });
      endNs = clockNs();
    },
    get stopped(): boolean {
      return endNs > 0;
    },
    measured() {
      const durationNs = (endNs || clockNs()) - startNs;
      return { durationNs, ...meter.read(durationNs) };
    },
    [Symbol.dispose]: dispose,
  };
}

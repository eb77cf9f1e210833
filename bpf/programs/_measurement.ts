import { assetBytes } from "../../core/assets/mod.ts";
import type { Cost } from "../../core/data/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import { possibleCpus } from "../possible_cpus.ts";
import type { AnalyzerOptions } from "./analyzer.ts";
import { attachObject } from "./_attached.ts";
import { loadObject, type Variant } from "./_load.ts";
import { readCounters } from "./_measure.ts";

/** An object that is attached, and how long it has been. Disposing it detaches everything. */
export interface Measurement extends Disposable {
  readonly object: BpfObject;
  readonly variant: string;
  /** CPUs that there may ever be. */
  readonly cpus: number;
  /** Does our own work with its CPU time counted. */
  costed<T>(work: () => T): T;
  /** Detaches, which ends the window. */
  stop(): void;
  /** The window so far. @param events that it saw, for an estimate of the cost where the kernel does not tell it */
  window(events: number): MeasuredWindow;
}

/** A window and its cost. */
export interface MeasuredWindow {
  readonly durationNs: number;
  readonly cost: Cost;
  /** Events at which a program was running already on that CPU. */
  readonly missed: number;
  /** The totals of the program's `COUNTERS`. */
  readonly counters: readonly number[];
}

/** What is loaded and how. */
export interface MeasuredObject {
  /** Of its files: `NAME.bpf.o`. */
  readonly name: string;
  /** Programs are attached in the order in which they stand, unless there is an {@linkcode attach}. */
  readonly variants: readonly Variant[];
  /** What an event costs, ns, where the kernel does not tell. */
  readonly eventNs: number;
  /** Sets constants and sizes of maps. */
  prepare(object: BpfObject, cpus: number): void;
  /** Attaches the programs of a variant; what it answers is disposed of to detach. */
  attach?(object: BpfObject, variant: string): readonly Disposable[];
}

/**
 * Loads and attaches an analyzer's object.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startMeasurement(
  options: AnalyzerOptions,
  { name, variants, eventNs, prepare, attach }: MeasuredObject,
): Measurement {
  const { host } = options;
  const cpus = possibleCpus(host);
  const { object, variant } = loadObject(
    name,
    assetBytes(`bpf/programs/${name}.bpf.o`),
    options,
    options.variant === undefined ? variants : variants.filter((v) => v.name === options.variant),
    (fresh) => prepare(fresh, cpus),
  );
  let seen = 0;
  const { programs } = variants.find((v) => v.name === variant)!;
  const running = attachObject(
    object,
    options,
    () => seen * eventNs,
    () => attach?.(object, variant) ?? programs.map((program) => object.program(program).attach()),
  );
  return {
    object,
    variant,
    cpus,
    costed: running.costed,
    stop: () => running.stop(),
    window(events): MeasuredWindow {
      seen = events;
      const { fd, spec } = object.map("counters");
      return { ...running.measured(), counters: readCounters(fd, spec, cpus) };
    },
    [Symbol.dispose]: () => running[Symbol.dispose](),
  };
}

import type { ProbePoint } from "../../query/mod.ts";

/** A function's argument, or what it returned, as a number in a register. */
export interface FunctionValue {
  /** As the language calls it: `args.count`, `args.0`, `args.ret`. */
  readonly name: string;
  /** Which argument, from 0; 0 for what was returned. */
  readonly index: number;
  readonly width: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}

/** Knows functions and programs: this room reads neither type information nor files of code. */
export interface ProbeResolver {
  /** The values of a kprobe, kretprobe, uprobe or uretprobe that registers hold; null when there is no such function. */
  values(point: ProbePoint): readonly FunctionValue[] | null;
  /**
   * Where a function of a program lies in its file, in bytes from its start.
   *
   * @throws {Error} whose message says why there is no such place
   */
  places(path: string, symbol: string): { readonly path: string; readonly offsets: readonly number[] };
}

import type { Access } from "../codegen/access.ts";
import type { Guard, Surroundings } from "../codegen/program.ts";

/** How a program is attached. Pure and printable: a plan that holds it can be kept. */
export type Attach =
  | { readonly kind: "raw_tracepoint"; readonly name: string }
  /** A perf event of this id (tracefs, `events/CATEGORY/NAME/id`). */
  | { readonly kind: "tracepoint"; readonly id: number; readonly name: string }
  | { readonly kind: "kprobe"; readonly symbol: string; readonly returns: boolean }
  /** Many functions at once; the index of each is its cookie. */
  | { readonly kind: "kprobe_multi"; readonly symbols: readonly string[]; readonly returns: boolean }
  /** fentry and fexit: the function by its type id in the BTF of the kernel, or of the module named. */
  | {
    readonly kind: "trampoline";
    readonly symbol: string;
    readonly btfId: number;
    readonly module: string | null;
    readonly exit: boolean;
  }
  /** Places in a file; the index of each is its cookie where several are attached at once. */
  | {
    readonly kind: "uprobe";
    readonly path: string;
    readonly places: readonly UserPlace[];
    readonly returns: boolean;
    /** By one link for all (since Linux 6.6), not by a perf event for each. */
    readonly multi: boolean;
  }
  | {
    readonly kind: "perf_event";
    readonly type: number;
    readonly config: number;
    /** Samples a second, or null for every `period` events. */
    readonly frequencyHz: number | null;
    readonly period: number;
    /** Whether each CPU has one, or all together. */
    readonly everyCpu: boolean;
  }
  | { readonly kind: "iter"; readonly target: string; readonly btfId: number }
  | { readonly kind: "xdp"; readonly interface: string };

/** For people: `raw_tracepoint:sched_switch`, `kprobe_multi on 12 functions`. */
export function attachText(a: Attach): string {
  switch (a.kind) {
    case "raw_tracepoint":
    case "tracepoint":
      return `${a.kind}:${a.name}`;
    case "kprobe":
      return `${a.returns ? "kretprobe" : "kprobe"}:${a.symbol}`;
    case "kprobe_multi":
      return `kprobe_multi on ${a.symbols.length} functions${a.returns ? ", at the return" : ""}`;
    case "trampoline":
      return `${a.exit ? "fexit" : "fentry"}:${a.symbol}`;
    case "uprobe": {
      const places = a.places.length === 1 ? `+0x${a.places[0].offset.toString(16)}` : ` at ${a.places.length} places`;
      return `${a.multi ? "uprobe_multi" : "uprobe"}:${a.path}${places}${a.returns ? ", at the return" : ""}`;
    }
    case "perf_event":
      return `perf event ${a.type}:${a.config}, ${
        a.frequencyHz === null ? `every ${a.period}` : `${a.frequencyHz} Hz`
      }`;
    case "iter":
      return `iter:${a.target}`;
    case "xdp":
      return `xdp:${a.interface}`;
  }
}

/** A place in a file of code. */
export interface UserPlace {
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Offset of the counter that tells a program that somebody listens (USDT); 0 for none. */
  readonly semaphore: number;
}

/** A program's worth of probe points of this machine, ready to generate it. */
export interface Target {
  /** For messages and the disassembly: `tracepoint:sched:sched_switch`, or how many there are. */
  readonly text: string;
  readonly attach: Attach;
  readonly guards: readonly Guard[];
  readonly surroundings: Surroundings;
  /** How a field is read. @throws {CannotGenerate} when there is none of that name */
  access(name: string): Access;
}

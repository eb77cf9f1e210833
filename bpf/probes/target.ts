import type { ProbePoint } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import type { Guard } from "../codegen/program.ts";

/** How a program is attached. */
export type Attach =
  | { readonly kind: "raw_tracepoint"; readonly name: string }
  /** A perf event of this id (tracefs, `events/CATEGORY/NAME/id`). */
  | { readonly kind: "tracepoint"; readonly id: number; readonly name: string };

/** A probe point of this machine, ready to generate a program for. */
export interface Target {
  readonly point: ProbePoint;
  readonly attach: Attach;
  readonly guards: readonly Guard[];
  /** How a field is read. @throws {CannotGenerate} when there is none of that name */
  access(name: string): Access;
}

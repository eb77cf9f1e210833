import type { Results } from "../data/mod.ts";
import type { RunContext } from "./context.ts";

/** What calling a tool does to the machine. Unattended runs get `read` and `probe` only. */
export type Effect = "read" | "probe" | "run" | "change";

/** One argument of a tool, in the terms of JSON Schema (`reference/tools.json`). */
export interface ToolParam {
  readonly type: "string" | "integer" | "number" | "boolean" | "array";
  readonly description: string;
  readonly enum?: readonly string[];
  /** For arrays of strings: what the items may be. */
  readonly items?: { readonly type: "string"; readonly enum?: readonly string[] };
  readonly default?: string | number | boolean | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Arguments after checking, defaults filled in. */
export type ToolArgs = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What the agent may call. */
export interface Tool {
  readonly name: string;
  /** For the model and for `list`: what it measures and when to use it. */
  readonly description: string;
  readonly params: Readonly<Record<string, ToolParam>>;
  readonly required: readonly string[];
  readonly effect: Effect;
  /** Whether the call lasts as long as its `duration_secs`. */
  readonly timed: boolean;
  run(args: ToolArgs, context: RunContext): Promise<Results>;
}

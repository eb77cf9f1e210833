import type { RecipeReport } from "../../dsl/mod.ts";

/** One row of a result, as JSON has it. */
export type Row = Readonly<Record<string, unknown>>;

/** What a load says that it did, by its own clocks and counters. */
export type Facts = Readonly<Record<string, number>>;

/** A load that goes on until it is told to stop. */
export interface RunningLoad {
  readonly pid: number;
  /** Lets one begin that waits; what it did, while it is still there. */
  go(): Promise<Facts>;
  /** Ends it; what it did. */
  stop(): Promise<Facts>;
}

/** What a case may use. */
export interface RecipeBench {
  /** Name of the load's process; a second process of a load has this name and `_b` behind. */
  readonly comm: string;
  /** Path of the program. */
  readonly program: string;
  /** A folder of its own, on the file system of temporary files. */
  readonly folder: string;
  /** Runs `load.c` to its end. */
  load(action: string, ...args: readonly (string | number)[]): Promise<Facts>;
  /** Starts it; answers when it is under way. */
  start(action: string, ...args: readonly (string | number)[]): Promise<RunningLoad>;
  /** The same as a member of control groups. */
  startIn(group: TestGroup, action: string, ...args: readonly (string | number)[]): Promise<RunningLoad>;
  /** Runs it in control groups, to its end; what it said, and null when it was killed. */
  loadIn(group: TestGroup, action: string, ...args: readonly (string | number)[]): Promise<GroupedRun>;
  /**
   * Makes a control group, removed when the bench ends.
   *
   * @param controller null for one that only names a group (cgroup v2)
   * @returns null when this machine does not let us
   */
  group(controller: Controller | null, name: string): TestGroup | null;
}

/** What a control group limits or counts. In version 2 `cpuacct` is part of `cpu`. */
export type Controller = "cpu" | "cpuacct" | "memory";

/** A control group of a test. */
export interface TestGroup {
  /** Path in its hierarchy. */
  readonly path: string;
  readonly folder: string;
  readonly version: 1 | 2;
  /** Writes a setting. */
  set(file: string, text: string): void;
  /** Reads a setting or a counter. */
  get(file: string): string;
}

/** A load that ran in a control group. */
export interface GroupedRun {
  readonly pid: number;
  readonly facts: Facts | null;
}

/** What a case looks at. */
export interface RecipeRun {
  readonly report: RecipeReport;
  /** Rows of a result. */
  rows(name: string): readonly Row[];
  /** Seconds that a result's window took. */
  seconds(name: string): number;
  /** What the load said. */
  readonly facts: Facts;
  /** How far the counters went while the load ran, all of it inside the window. */
  readonly inside: Facts;
  /** How far they went from before the recipe began until after it ended. */
  readonly around: Facts;
}

/** How a recipe is shown to be right: over a load of which the answer is known, or beside the kernel's own counters. */
export interface RecipeCase {
  readonly recipe: string;
  /** Values of parameters; `window` is 1 s over a load that goes on, and the time of the load otherwise. */
  params?(bench: RecipeBench, loads: readonly RunningLoad[]): Readonly<Record<string, string>>;
  /**
   * Events of all processes reach its programs before those of the load are chosen: those that meet a program at work (`recursion`)
   * are mostly of others.
   */
  readonly seesOthers?: true;
  /** What this machine lacks for it; null when nothing. */
  missing?(bench: RecipeBench): string | null;
  /** Before anything is attached: files that the load needs. */
  prepare?(bench: RecipeBench): Promise<unknown>;
  /** The load of an event recipe: started when everything is attached; its end ends the window. */
  work?(bench: RecipeBench, loads: readonly RunningLoad[]): Promise<Facts>;
  /** Loads under way before the window begins, and until it has ended. What they say is joined. */
  beside?(bench: RecipeBench): Promise<readonly RunningLoad[]>;
  /** Counters of the kernel. */
  counters?(loads: readonly RunningLoad[]): Facts;
  /** Throws when the answer is wrong. */
  check(run: RecipeRun, bench: RecipeBench): void;
}

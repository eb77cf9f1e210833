/** What is to be traced of the kernel's functions. */
export interface FunctionRequest {
  /** Names of functions, with `*` and `?`. */
  readonly functions: readonly string[];
  /** Only this process and the children that it makes; 0: everything but ourselves. */
  readonly pid: number;
  /** The window, ns. */
  readonly durationNs: number;
  /** Ends the window early. */
  readonly signal: AbortSignal;
  /** Size of each CPU's buffer, in KiB; default 2048, less with many CPUs. */
  readonly bufferKb?: number;
  /** Called once it traces: whatever is started now is seen. */
  onReady?(matched: { readonly functions: number }): void;
}

/** The same for the graph of calls. */
export interface GraphRequest extends FunctionRequest {
  /** Levels of functions that are called by those that were named; 0: only those that were named. */
  readonly depth: number;
  /** With a depth: only callees of these names; default all. */
  readonly callees?: readonly string[];
  /** Is given each entry and return as it happened, in the order of time. */
  onCall?(call: GraphCall): void;
}

/** An entry or a return. */
export interface GraphCall {
  readonly kind: "entry" | "exit";
  /** Of the function, as the signed reading of 64 bits. */
  readonly address: number;
  /** Levels of traced functions above it. */
  readonly depth: number;
  readonly tid: number;
  readonly cpu: number;
  /** In the buffer's clock, less an origin. */
  readonly timeNs: number;
  /** Of a return: how long the call took. */
  readonly durationNs: number;
}

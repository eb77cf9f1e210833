/**
 * Files inside the packed executable: text as a string, anything else as base64. The packer puts this table on the
 * global object before our first module runs (deploy/compile.ts); in a checkout there is none.
 */
export interface AssetBundle {
  /** By the path in the project, `recipes/first_look.perf`. */
  readonly files: Readonly<Record<string, string | { readonly base64: string }>>;
  /** JavaScript of Workers, bundled, by the path of their source: `core/ptrace/tracer_worker.ts`. */
  readonly workers: Readonly<Record<string, string>>;
}

/** Where the packer leaves the table. */
export const BUNDLE_KEY: unique symbol = Symbol.for("sonde.assets");

/** The table, or undefined in a checkout. */
export function bundle(): AssetBundle | undefined {
  return (globalThis as { [BUNDLE_KEY]?: AssetBundle })[BUNDLE_KEY];
}

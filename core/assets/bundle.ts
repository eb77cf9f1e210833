/** Files inside the packed executable. Its loader puts this on the global object before our first module runs. */
export interface AssetBundle {
  /** Paths of the files in the project: `recipes/first_look.perf`. */
  readonly names: readonly string[];
  /** A file's bytes. @param name one of `names` */
  read(name: string): Uint8Array<ArrayBuffer>;
  /** URL of a Worker's bundled code by the path of its source, `core/ptrace/tracer_worker.ts`; null for none. */
  workerUrl(name: string): string | null;
}

/** Where the loader leaves it (deploy/pack/loader.js). */
export const BUNDLE_KEY: unique symbol = Symbol.for("sonde.assets");

/** The files of the packed executable; undefined in a checkout. */
export function bundle(): AssetBundle | undefined {
  return (globalThis as { [BUNDLE_KEY]?: AssetBundle })[BUNDLE_KEY];
}

/** Everything that ships, bundled. */
export interface Parts {
  /** Name of the module that starts. */
  readonly entry: string;
  /** JavaScript by name; modules import one another as `"./name.js"`. */
  readonly modules: ReadonlyMap<string, string>;
  readonly workers: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Where a piece lies: bytes from the archive's start, and how many. */
type Place = readonly [at: number, size: number];

/** Parts laid out for the loader. */
export interface Archive {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * The text that starts it all.
   *
   * @param path JavaScript expression of the file that holds the archive
   * @param base where in that file the archive begins
   */
  loader(path: string, base: number): string;
}

/** Puts parts one behind the other, with an index for the loader. */
export function makeArchive(parts: Parts): Archive {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const put = (bytes: Uint8Array): Place => {
    pieces.push(bytes);
    size += bytes.length;
    return [size - bytes.length, bytes.length];
  };
  const encoder = new TextEncoder();
  const index = { entry: parts.entry, modules: {}, workers: {}, files: {} };
  const fill = <T>(
    into: Record<string, Place>,
    from: ReadonlyMap<string, T>,
    encode: (value: T) => Uint8Array,
  ): void => {
    for (const [name, value] of from) into[name] = put(encode(value));
  };
  checkAcyclic(parts.modules);
  fill(index.modules, parts.modules, (text) => encoder.encode(adapt(text)));
  fill(index.workers, parts.workers, (text) => encoder.encode(text));
  fill(index.files, parts.files, (bytes) => bytes);

  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const source = Deno.readTextFileSync(new URL("loader.js", import.meta.url));
  return {
    bytes,
    loader: (path, base) => `const INDEX=${JSON.stringify(index)},ARCHIVE=${path},BASE=${base};\n${source}`,
  };
}

/** A module runs from a URL of no place: what it says about its own place is answered here. */
function adapt(text: string): string {
  return text
    .replace(/\bimport\("\.\/([\w.-]+\.js)"\)/g, 'globalThis[Symbol.for("sonde.import")]("$1")')
    .replaceAll("import.meta.main", "true")
    .replaceAll("import.meta.url", '"file:///packed/sonde/core/packed/module.js"');
}

/** A URL that holds another cannot be held by it: static imports in a ring could not be loaded. */
function checkAcyclic(modules: ReadonlyMap<string, string>): void {
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, path: readonly string[]): void => {
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") {
      throw new Error(`Modules import one another in a ring: ${[...path, name].join(" → ")}`);
    }
    state.set(name, "open");
    for (const [, other] of modules.get(name)!.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([\w.-]+\.js)"/g)) {
      if (modules.has(other)) visit(other, [...path, name]);
    }
    state.set(name, "done");
  };
  for (const name of modules.keys()) visit(name, []);
}

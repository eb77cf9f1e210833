import { bundle } from "./bundle.ts";

/**
 * Text of a file that ships with us.
 *
 * @param name path in the project, with `/`: `recipes/first_look.perf`
 * @throws {Deno.errors.NotFound} when nothing of that name ships
 */
export function assetText(name: string): string {
  return new TextDecoder().decode(assetBytes(name));
}

/** Bytes of a file that ships with us; see {@linkcode assetText}. */
export function assetBytes(name: string): Uint8Array<ArrayBuffer> {
  const packed = bundle();
  if (!packed) return Deno.readFileSync(assetUrl(name));
  if (!packed.names.includes(checked(name))) throw new Deno.errors.NotFound(`No file "${name}" was packed`);
  return packed.read(name);
}

/**
 * Names of the files in a folder that ships with us, not of those in folders beneath it.
 *
 * @param folder path in the project: `recipes`
 * @returns names to be given to {@linkcode assetText}, sorted; none when there is no such folder
 */
export function assetList(folder: string): string[] {
  const prefix = `${checked(folder)}/`;
  const names = bundle()?.names.filter((name) => name.startsWith(prefix) && !name.includes("/", prefix.length)) ??
    filesOf(assetUrl(folder)).map((name) => prefix + name);
  return names.sort();
}

/**
 * What `new Worker(…, {type: "module"})` wants for a Worker's source that ships with us.
 *
 * @param name path in the project: it ends in `_worker.ts`, which is how the packer finds it
 * @throws {Deno.errors.NotFound} when the packed executable has no such Worker
 */
export function workerUrl(name: string): string {
  const packed = bundle();
  if (!packed) return assetUrl(name).href;
  const url = packed.workerUrl(checked(name));
  if (url === null) throw new Deno.errors.NotFound(`No Worker "${name}" was packed`);
  return url;
}

/** Names come from code, but also from `include` in recipes: never out of the project. */
function checked(name: string): string {
  if (name === "" || name.startsWith("/") || name.split("/").some((part) => part === ".." || part === ".")) {
    throw new TypeError(`"${name}" is not the name of a shipped file: it has to be a plain path in the project`);
  }
  return name;
}

function assetUrl(name: string): URL {
  const path = checked(name).split("/").map(encodeURIComponent).join("/");
  return new URL(`../../${path}`, import.meta.url);
}

function filesOf(folder: URL): string[] {
  try {
    return Array.from(Deno.readDirSync(folder)).filter((entry) => entry.isFile).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

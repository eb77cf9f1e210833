import { bundle } from "./bundle.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Text of a file that ships with us.
 *
 * @param name path in the project, with `/`: `recipes/first_look.perf`
 * @throws {Deno.errors.NotFound} when nothing of that name ships
 */
export function assetText(name: string): string {
  const file = packed(name);
  if (file === undefined) return Deno.readTextFileSync(assetUrl(name));
  return typeof file === "string" ? file : new TextDecoder().decode(Uint8Array.fromBase64(file.base64));
}

/** Bytes of a file that ships with us; see {@linkcode assetText}. */
export function assetBytes(name: string): Uint8Array<ArrayBuffer> {
  const file = packed(name);
  if (file === undefined) return Deno.readFileSync(assetUrl(name));
  return typeof file === "string" ? new TextEncoder().encode(file) : Uint8Array.fromBase64(file.base64);
}

/**
 * Names of the files in a folder that ships with us, not of those in folders beneath it.
 *
 * @param folder path in the project: `recipes`
 * @returns names to be given to {@linkcode assetText}, sorted; none when there is no such folder
 */
export function assetList(folder: string): string[] {
  const prefix = `${checked(folder)}/`;
  const files = bundle()?.files;
  const names = files
    ? Object.keys(files).filter((name) => name.startsWith(prefix) && !name.includes("/", prefix.length))
    : filesOf(assetUrl(prefix)).map((name) => prefix + name);
  return names.sort();
}

/**
 * What `new Worker(…, {type: "module"})` wants for a Worker's source that ships with us.
 *
 * @param name path in the project: it ends in `_worker.ts`, which is how the packer finds it
 * @throws {Deno.errors.NotFound} when the packed executable has no such Worker
 */
export function workerUrl(name: string): string {
  const workers = bundle()?.workers;
  if (!workers) return assetUrl(name).href;
  const source = workers[checked(name)];
  if (source === undefined) throw new Deno.errors.NotFound(`No Worker "${name}" was packed`);
  // Blob URLs live as long as the page: make each once.
  return blobs[name] ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}

const blobs: Record<string, string> = {};

function packed(name: string): string | { readonly base64: string } | undefined {
  const files = bundle()?.files;
  if (!files) return undefined;
  const file = Object.hasOwn(files, checked(name)) ? files[name] : undefined;
  if (file === undefined) throw new Deno.errors.NotFound(`No file "${name}" was packed`);
  return file;
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
  return new URL(path, ROOT);
}

function filesOf(folder: URL): string[] {
  try {
    return Array.from(Deno.readDirSync(folder)).filter((entry) => entry.isFile).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

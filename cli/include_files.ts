import type { IncludedFile, IncludeOptions } from "../dsl/include.ts";

/** A file longer than this is no recipe. Bytes. */
const MAX_BYTES = 1 << 20;
/** More files than the language includes. */
const MAX_FILES = 100;

/**
 * How the files that a recipe includes are found: relative to the file that names them.
 *
 * @param file the recipe's own, as the user gave it; `-` and `-e` are none, and stand in the working directory
 * @param tell is told each text that is read
 */
export function includesFor(file: string, tell: (text: string) => void = () => {}): IncludeOptions {
  const own = realPath(file);
  return {
    file: own === null ? undefined : { id: own, name: file },
    read(path, from): Promise<IncludedFile | string> {
      const found = readIncluded(path, from ?? own);
      if (typeof found !== "string") tell(found.text);
      return Promise.resolve(found);
    },
  };
}

function readIncluded(path: string, from: string | null): IncludedFile | string {
  try {
    const name = beside(path, from);
    // A FIFO would keep us waiting for whoever writes to it.
    const info = Deno.statSync(name);
    if (!info.isFile) return "it is no regular file";
    if (info.size > MAX_BYTES) return `it is longer than ${MAX_BYTES} bytes`;
    return { id: Deno.realPathSync(name), name, text: Deno.readTextFileSync(name) };
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
  }
}

/** A path that is relative to the folder of another file. */
function beside(path: string, from: string | null): string {
  if (path.startsWith("/") || from === null) return path;
  const folder = from.slice(0, from.lastIndexOf("/") + 1);
  const here = `${Deno.cwd()}/`;
  const whole = `${folder}${path}`;
  return whole.startsWith(here) ? whole.slice(here.length) : whole;
}

function realPath(file: string): string | null {
  try {
    return file === "-" || file === "-e" ? null : Deno.realPathSync(file);
  } catch {
    // Reading it tells why. What an editor has not saved yet has a place all the same.
    return file.startsWith("/") ? file : null;
  }
}

/** `include`, and the text behind it; white space and (some) comments may stand between them, or nothing. */
const INCLUDE = /\binclude(?:\s*#.*){0,20}\s*"((?:[^"\\\n]|\\.)*)"/g;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(.))/g;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0" };

/** The path as the language reads it. What is no escape is an error there. */
function unescaped(path: string): string {
  return path.replace(ESCAPE, (whole, byte: string | undefined, point: string | undefined, plain: string) => {
    if (plain !== undefined) return ESCAPED[plain] ?? plain;
    const code = parseInt(byte ?? point!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/**
 * The text of a recipe and of all that it may include, found without its parser: what is kept of a recipe depends on
 * all of them. Texts that only look like includes do no harm.
 */
export function includedTexts(text: string, file: string): string[] {
  const texts = [text];
  if (!text.includes("include")) return texts;
  const seen = new Set<string>();
  const add = (of: string, from: string | null): void => {
    for (const [, path] of of.matchAll(INCLUDE)) {
      const found = readIncluded(unescaped(path), from);
      if (typeof found === "string" || seen.has(found.id) || seen.size > MAX_FILES) continue;
      seen.add(found.id);
      texts.push(found.text);
      add(found.text, found.id);
    }
  };
  add(text, realPath(file));
  return texts;
}

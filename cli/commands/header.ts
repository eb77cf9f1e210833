import { fileURLToPath } from "node:url";
import { UsageError } from "../../core/data/mod.ts";
import { addHeader } from "../../dsl/mod.ts";
import { print } from "../output.ts";

/** Prints a recipe with the header that lets `deno run -A` run it from any folder on this machine. */
// deno-lint-ignore require-await -- commands are asynchronous
export async function header(file: string): Promise<number> {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    throw new UsageError(`Cannot read "${file}": ${(error as Error).message}`);
  }
  const main = new URL("../perf_main/main.ts", import.meta.url);
  if (!exists(main)) {
    // A packed sonde has no files to import: the recipe is run by the executable itself.
    print(`#!/usr/bin/env -S sonde run\n${text}`);
    return 0;
  }
  print(addHeader(text, main.href));
  return 0;
}

function exists(url: URL): boolean {
  try {
    return url.protocol === "file:" && Deno.statSync(fileURLToPath(url)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

import { UsageError } from "../../core/data/mod.ts";
import { diagnosticText, format } from "../../dsl/mod.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn } from "../output.ts";
import { replaceFile } from "../replace_file.ts";

/**
 * Lays recipes out, in place, and prints the names of those that changed; `-` is standard input to standard output. A
 * recipe with errors stays as it is, and its errors are told.
 *
 * @param options `check`: change nothing; exit code 1 when something would change
 */
export async function fmt(files: readonly string[], options: { check?: boolean }): Promise<number> {
  if (files.includes("-") && files.length > 1) {
    throw new UsageError('"-" (standard input) stands alone', "Format files in a call of their own");
  }
  let errors = 0;
  let changed = 0;
  for (const file of files) {
    const before = file === "-" ? await standardInput() : read(file);
    const { text, diagnostics } = await format(before);
    for (const d of diagnostics) warn(diagnosticText(d, file));
    if (diagnostics.some((d) => d.severity === "error")) {
      errors++;
      continue;
    }
    if (text !== before) changed++;
    if (file === "-" && !options.check) print(text);
    else if (text !== before) {
      if (!options.check) replaceFile(file, text);
      print(`${file}\n`);
    }
  }
  if (errors > 0) return EXIT.usage;
  return options.check && changed > 0 ? EXIT.failed : EXIT.ok;
}

function read(file: string): string {
  try {
    if (!Deno.statSync(file).isFile) throw new Error("it is not a file");
    return decoded(Deno.readFileSync(file));
  } catch (error) {
    throw new UsageError(`Cannot read "${file}": ${(error as Error).message}`);
  }
}

async function standardInput(): Promise<string> {
  try {
    return decoded(new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()));
  } catch (error) {
    throw new UsageError(`Cannot read standard input: ${(error as Error).message}`);
  }
}

/** Strictly: what is no UTF-8 would be written back as something else. */
function decoded(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error("it is no UTF-8 text");
  }
}

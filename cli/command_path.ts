import { UsageError } from "../core/data/mod.ts";

/**
 * The file of a command, searched for in PATH as execvp(3) does.
 *
 * @param word a path when it holds a slash
 * @throws {UsageError} when there is none that may be executed
 */
export function commandPath(
  word: string,
  path: string = Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
): string {
  const candidates = word.includes("/") ? [word] : path.split(":").map((folder) => `${folder || "."}/${word}`);
  let refused = "";
  for (const file of word === "" ? [] : candidates) {
    try {
      const { isFile, mode } = Deno.statSync(file);
      if (isFile && (mode! & 0o111) !== 0) return file;
      refused = isFile ? ": it may not be executed" : ": it is no file";
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
        refused = `: ${(error as Error).message}`;
      }
    }
  }
  throw new UsageError(
    `Cannot start "${word}"${refused || (word.includes("/") ? ": there is no such file" : ": it is not in PATH")}`,
  );
}

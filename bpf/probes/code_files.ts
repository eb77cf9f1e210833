import type { CodeFile, openCodeFiles } from "./code_file.ts";

/** Files by name, each read once. */
export interface CodeFiles {
  /** @param name a path, or the name of a program or library to be found in the usual places @throws {CannotGenerate} */
  open(name: string): CodeFile;
}

let opener: typeof openCodeFiles | null = null;

/** Loads what reads programs and libraries: most recipes name none, and start without it. */
export async function loadCodeFiles(): Promise<void> {
  opener ??= (await import("./code_file.ts")).openCodeFiles;
}

/** The same for those that have it loaded already. */
export function useCodeFiles(open: typeof openCodeFiles): void {
  opener = open;
}

/** Whether a recipe's text may name functions of programs: then {@linkcode loadCodeFiles} is to be awaited first. */
export function mayNameFiles(text: string): boolean {
  return /\b(uprobe|uretprobe|usdt|user)\b/.test(text);
}

/** Programs and libraries, read when first asked for. */
export function codeFiles(): CodeFiles {
  let files: CodeFiles | undefined;
  return {
    open(name): CodeFile {
      if (!opener) throw new TypeError("await loadCodeFiles() before functions of programs are asked for");
      return (files ??= opener()).open(name);
    },
  };
}

import { createRequire } from "node:module";
import process from "node:process";
import { includedTexts, includesFor } from "../include_files.ts";
import { recipeRegistry } from "../recipe_registry.ts";
import { openSession } from "../session.ts";
import { VERSION } from "../version.ts";

/** Serves editors over standard input and output until they go. Standard output carries the protocol only. */
export async function lsp(options: { plugin: string[] }): Promise<number> {
  // The protocol's packages are written for Node's `require`, which modules of the packed executable do not have.
  if (!Reflect.has(globalThis, "require")) Reflect.set(globalThis, "require", createRequire("file:///"));
  const { serve } = await import("../../dsl/lsp/server.ts");
  const session = await openSession(options.plugin);
  const code = await serve(process.stdin, process.stdout, {
    version: VERSION,
    world: async (text, path) => {
      const file = path ?? "-";
      const registry = await recipeRegistry(session, includedTexts(text, file).join("\n"));
      return { registry, include: includesFor(file) };
    },
    signal: session.context.signal,
  });
  // A client may keep its end of the pipe open.
  process.stdin.destroy();
  return code;
}

import process from "node:process";
import { serve } from "../../dsl/lsp/server.ts";
import { recipeRegistry } from "../recipe_registry.ts";
import { openSession } from "../session.ts";
import { VERSION } from "../version.ts";

/** Serves editors over standard input and output until they go. Standard output carries the protocol only. */
export async function lsp(options: { plugin: string[] }): Promise<number> {
  const session = await openSession(options.plugin);
  const code = await serve(process.stdin, process.stdout, {
    version: VERSION,
    registry: (text) => recipeRegistry(session, text),
    signal: session.context.signal,
  });
  // A client may keep its end of the pipe open.
  process.stdin.destroy();
  return code;
}

/**
 * Writes `plugins/index.json`: what the built-in plugins add, so that commands know names, parameters and fields
 * without loading any. `deno task gen` writes it, `deno task gen --check` compares.
 *
 * @module
 */
import { describePlugin } from "../core/plugin_api/mod.ts";
import { PLUGIN_LOADERS } from "./plugin_loaders.ts";
import { createSondeApi } from "./sonde_api.ts";

const PATH = new URL("../plugins/index.json", import.meta.url);

const api = createSondeApi();
const infos = [];
for (const load of Object.values(PLUGIN_LOADERS)) infos.push(describePlugin((await load()).default(api)));
const text = JSON.stringify(
  infos,
  (_, value) => typeof value === "bigint" ? Number(value) : value,
  2,
) + "\n";

if (Deno.args.includes("--check")) {
  if (Deno.readTextFileSync(PATH) !== text) {
    console.error("plugins/index.json is out of date: run `deno task gen`");
    Deno.exit(1);
  }
} else {
  Deno.writeTextFileSync(PATH, text);
}

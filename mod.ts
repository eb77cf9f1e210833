/**
 * Sonde as a library: results, the typed pipeline, readers of the machine, the extension interfaces, the language and
 * the agent. Importing it does nothing.
 *
 * @module
 */
export * from "./core/data/mod.ts";
export * from "./core/plugin_api/mod.ts";
export { type Host, openHost } from "./core/host/mod.ts";
export { createSondeApi } from "./cli/sonde_api.ts";

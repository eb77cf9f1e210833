/** The extension interfaces. Types only, but for the registry. @module */
export * from "./collector.ts";
export * from "./context.ts";
export * from "./engine.ts";
export * from "./investigator.ts";
export * from "./plugin.ts";
export * from "./registry.ts";
export * from "./sonde_api.ts";
export * from "./tool.ts";

/** What flows through Sonde: results, their quality, the diagnosis. Pure: no input or output. @module */
export * from "./column.ts";
export * from "./diagnosis.ts";
export * from "./errors.ts";
export * from "./exact_json.ts";
export * from "./histogram.ts";
export * from "./ip_address.ts";
export * from "./json.ts";
export * from "./nearest.ts";
export * from "./profile.ts";
export * from "./profile_of_stacks.ts";
export * from "./quality.ts";
export * from "./result.ts";
export * from "./table.ts";
export * from "./units.ts";

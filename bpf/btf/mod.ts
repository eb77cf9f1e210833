/** The kernel's own type information. @module */
export * from "./btf.ts";
export * from "./btf_error.ts";
export * from "./kinds.ts";
export * from "./member_path.ts";
export * from "./open_btf.ts";

/** Statistics. Pure. @module */
export * from "./brier.ts";
export * from "./cusum.ts";
export * from "./difference.ts";
export * from "./ema.ts";
export * from "./proportion.ts";
export * from "./robust.ts";
export * from "./robust_center.ts";

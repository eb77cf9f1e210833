/** The typed pipeline: expressions, probe specs, aggregates. Pure: no input or output. @module */
export * from "./aggregate_batch.ts";
export type { Aggregate, AggregateState, ResultContext } from "./aggregates/aggregate.ts";
export { AGGREGATES, aggregateType, defineAggregate } from "./aggregates/table.ts";
export { type BucketList, histogramOf } from "./aggregates/buckets.ts";
export * from "./batch_ops.ts";
export * from "./build.ts";
export * from "./compile_expr.ts";
export * from "./concat_batches.ts";
export * from "./expr.ts";
export * from "./expr_text.ts";
export * from "./like.ts";
export * from "./probe_spec.ts";
export * from "./quantile_layout.ts";
export * from "./regex.ts";
export * from "./scalars.ts";
export * from "./sort_batch.ts";
export * from "./type_classes.ts";
export * from "./type_rules.ts";

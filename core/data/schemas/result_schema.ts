import { z } from "zod";
import { qualitySchema } from "./quality_schema.ts";

const unitSchema = z.enum(["ns", "bytes", "count", "ratio", "hz", "bytes/s", "events/s", "celsius"]).nullable();

const fieldTypeSchema = z.enum([
  "int",
  "float",
  "bool",
  "string",
  "duration",
  "bytes",
  "rate",
  "ratio",
  "time",
  "pid",
  "tid",
  "address",
  "ip",
  "stack",
  "histogram",
]);

const frameSchema = z.object({
  function: z.string(),
  module: z.string(),
  file: z.string(),
  line: z.int().nonnegative(),
  kind: z.enum(["user", "kernel", "inlined", "interpreted", "gpu", "unknown"]),
});

/** The outermost buckets may be open: JSON has no infinity, so they come as null. */
const bucketSchema = z.object({
  min: z.number().nullable(),
  max: z.number().nullable(),
  count: z.number().nonnegative(),
});

const histogramCellSchema = z.object({
  kind: z.literal("histogram"),
  unit: unitSchema,
  buckets: z.array(bucketSchema),
});

const cellSchema = z.union([
  z.null(),
  z.number(),
  z.string(),
  z.boolean(),
  z.object({ frames: z.array(frameSchema) }),
  histogramCellSchema,
]);

/** What a cell of a type may be, besides null. Wide integers are decimal strings. */
const CELL_FITS: Readonly<Record<z.infer<typeof fieldTypeSchema>, (cell: unknown) => boolean>> = {
  int: isInteger,
  duration: isInteger,
  bytes: isInteger,
  time: isInteger,
  pid: isInteger,
  tid: isInteger,
  float: (c) => typeof c === "number",
  rate: (c) => typeof c === "number",
  ratio: (c) => typeof c === "number",
  bool: (c) => typeof c === "boolean",
  string: (c) => typeof c === "string",
  ip: (c) => typeof c === "string",
  address: (c) => typeof c === "string" && /^0x[0-9a-f]{1,16}$/.test(c),
  stack: (c) => typeof c === "object" && c !== null && "frames" in c,
  histogram: (c) => typeof c === "object" && c !== null && "buckets" in c,
};

function isInteger(cell: unknown): boolean {
  return typeof cell === "number" || typeof cell === "string" && /^-?[0-9]{1,20}$/.test(cell);
}

const tableSchema = z.object({
  kind: z.literal("table"),
  fields: z.array(
    z.object({ name: z.string(), type: fieldTypeSchema, unit: unitSchema, unsigned: z.boolean().optional() }),
  ),
  rows: z.array(z.array(cellSchema)),
  quality: qualitySchema,
}).superRefine((table, context) => {
  for (const [i, row] of table.rows.entries()) {
    if (row.length !== table.fields.length) {
      context.addIssue({
        code: "custom",
        path: ["rows", i],
        message: `has ${row.length} cells for ${table.fields.length} fields`,
      });
      return;
    }
    const wrong = row.findIndex((cell, j) => cell !== null && !CELL_FITS[table.fields[j].type](cell));
    if (wrong >= 0) {
      context.addIssue({ code: "custom", path: ["rows", i, wrong], message: `is no ${table.fields[wrong].type}` });
      return;
    }
  }
});

const profileSchema = z.object({
  kind: z.literal("profile"),
  sample_types: z.array(z.object({ name: z.string(), unit: unitSchema })),
  stacks: z.array(z.object({
    frames: z.array(frameSchema),
    values: z.array(z.number().nullable()),
    labels: z.record(z.string(), z.string()),
  })),
  timeline: z.object({
    start_ns: z.string().regex(/^-?[0-9]{1,20}$/).nullable(),
    t_ns: z.array(z.number()),
    stack: z.array(z.int().nonnegative()),
    v: z.array(z.number()),
  }).refine(
    (t) => t.t_ns.length === t.stack.length && t.t_ns.length === t.v.length,
    "t_ns, stack and v differ in length",
  )
    .optional(),
  quality: qualitySchema,
}).refine((p) => p.timeline?.stack.every((s) => s < p.stacks.length) ?? true, "timeline.stack is no index of a stack");

const seriesSchema = z.object({
  kind: z.literal("series"),
  unit: unitSchema,
  start_ns: z.string().regex(/^-?[0-9]{1,20}$/).optional(),
  points: z.array(z.object({ name: z.string(), t_ns: z.array(z.number()), v: z.array(z.number().nullable()) }))
    .refine((points) => points.every((p) => p.t_ns.length === p.v.length), "t_ns and v differ in length"),
  quality: qualitySchema,
});

const textSchema = z.object({ kind: z.literal("text"), text: z.string(), quality: qualitySchema });

/** The JSON form of a result, as `run --json` and `tool --json` print it. What it accepts, `resultFromJson` reads. */
export const resultSchema = z.discriminatedUnion("kind", [
  tableSchema,
  histogramCellSchema.extend({ quality: qualitySchema }),
  profileSchema,
  seriesSchema,
  textSchema,
]);

/** Results by name. */
export const resultsSchema = z.record(z.string(), resultSchema);

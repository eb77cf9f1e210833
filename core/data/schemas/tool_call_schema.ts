import { z } from "zod";
import type { ToolCallRecord } from "../diagnosis.ts";
import { resultsSchema } from "./result_schema.ts";

/** {@linkcode ToolCallRecord} in its JSON form. */
export const toolCallSchema = z.object({
  id: z.string(),
  tool: z.string(),
  args: z.record(z.string(), z.json()),
  start_ns: z.number(),
  duration_ns: z.number().nonnegative(),
  ok: z.boolean(),
  error: z.string().optional(),
  command: z.string(),
}) satisfies z.ZodType<ToolCallRecord>;

/** What `tool NAME --json` prints. */
export const toolAnswerSchema = z.object({
  schema: z.literal(1),
  tool: z.string(),
  args: z.record(z.string(), z.json()),
  results: resultsSchema,
});

import { z } from "zod";
import { diagnosisSchema } from "./diagnosis_schema.ts";
import { resultsSchema } from "./result_schema.ts";
import { toolCallSchema } from "./tool_call_schema.ts";

/** The first line of a recording. */
export const recordingHeaderSchema = z.object({
  kind: z.literal("sonde_recording"),
  schema: z.literal(1),
  /** Of the sonde that wrote it. */
  version: z.string(),
  /** What is known of the machine: kernel release, CPUs, … */
  machine: z.record(z.string(), z.json()),
  /** What was asked; absent in recordings that do not say. */
  asked: z.object({ pid: z.int().min(0), question: z.string() }).optional(),
  /** ISO 8601. */
  created: z.string(),
});

/** A line with one tool call; `results` is null when the call failed. */
export const recordingCallSchema = z.object({
  kind: z.literal("call"),
  record: toolCallSchema,
  results: resultsSchema.nullable(),
});

/** The last line. */
export const recordingDiagnosisSchema = z.object({ kind: z.literal("diagnosis"), diagnosis: diagnosisSchema });

/** Any line after the first. */
export const recordingLineSchema = z.discriminatedUnion("kind", [recordingCallSchema, recordingDiagnosisSchema]);

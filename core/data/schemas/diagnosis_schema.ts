import { z } from "zod";
import { BOTTLENECK_TYPES, type Diagnosis, SEVERITIES } from "../diagnosis.ts";
import { qualitySchema } from "./quality_schema.ts";
import { toolCallSchema } from "./tool_call_schema.ts";

const probability = z.number().min(0).max(1);

const culpritSchema = z.object({
  pid: z.int(),
  comm: z.string(),
  function: z.string().optional(),
  file: z.string().optional(),
  container: z.string().optional(),
});

const useCellSchema = z.object({
  state: z.enum(["ok", "bad", "not_measured"]),
  text: z.string(),
  evidence: z.string().optional(),
});

/** The arguments of `generate_diagnosis_report`: what a model has to answer with. */
export const reportArgumentsSchema = z.object({
  severity: z.enum(SEVERITIES),
  bottleneck_type: z.enum(BOTTLENECK_TYPES),
  root_cause: z.string(),
  evidence: z.array(z.string()),
  recommendations: z.array(z.string()),
});

/** {@linkcode Diagnosis} in its JSON form, as `diagnose --json` prints it. */
export const diagnosisSchema = reportArgumentsSchema.extend({
  confidence: probability,
  culprit: culpritSchema.nullable(),
  findings: z.array(z.object({
    bottleneck_type: z.enum(BOTTLENECK_TYPES),
    cause: z.string(),
    confidence: probability,
    culprit: culpritSchema.nullable(),
    evidence: z.array(z.string()),
  })),
  evidence_items: z.array(z.object({
    id: z.string(),
    claim: z.string(),
    tool: z.string(),
    call: z.string(),
    path: z.string(),
    value: z.json(),
    unit: z.string().nullable(),
  })),
  use_matrix: z.array(z.object({
    resource: z.string(),
    utilization: useCellSchema,
    saturation: useCellSchema,
    errors: useCellSchema,
  })),
  quality: qualitySchema,
  rounds: z.int().nonnegative(),
  tool_calls: z.array(toolCallSchema),
  elapsed_s: z.number().nonnegative(),
  ended_by: z.enum(["confidence", "exhausted", "rounds", "time", "tokens", "user", "error"]),
  not_known: z.array(z.string()),
  question: z.string(),
  driver: z.string(),
}) satisfies z.ZodType<Diagnosis>;

import { z } from "zod";
import type { Quality } from "../quality.ts";

const amount = z.number().nonnegative();

/** {@linkcode Quality} in its JSON form. */
export const qualitySchema = z.object({
  events: amount,
  lost: amount,
  lost_by: z.record(z.string(), amount),
  unmatched: z.object({ starts: amount, ends: amount, replaced: amount }),
  truncated: amount,
  unwind_failures: amount,
  unwind_failures_by: z.record(z.string(), amount).default({}),
  sampling: z.number().min(0).max(1),
  estimated: z.boolean(),
  duration_ns: amount,
  cost: z.object({ cpu_ns: amount, probe_ns: amount, ratio: amount, estimated: z.boolean() }),
  notes: z.array(z.string()),
}) satisfies z.ZodType<Quality>;

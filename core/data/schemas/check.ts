import type { z } from "zod";

/**
 * Checks data from outside and says in one line what is wrong with it.
 *
 * @returns the data as the schema types it, or the problem: `results.cpu.rows.3: has 4 cells for 5 fields`
 */
export function check<S extends z.ZodType>(
  schema: S,
  data: unknown,
): { readonly ok: true; readonly value: z.infer<S> } | { readonly ok: false; readonly problem: string } {
  let parsed: z.ZodSafeParseResult<z.infer<S>>;
  try {
    parsed = schema.safeParse(data);
  } catch (error) {
    // Recursive schemas go as deep as the data: the stack is the limit.
    if (error instanceof RangeError) return { ok: false, problem: "is nested too deeply" };
    throw error;
  }
  if (parsed.success) return { ok: true, value: parsed.data };
  const [first] = parsed.error.issues;
  const path = first.path.map(String).join(".").slice(0, 200);
  const more = parsed.error.issues.length - 1;
  return {
    ok: false,
    problem: `${path ? `${path}: ` : ""}${first.message}${more > 0 ? ` (and ${more} more)` : ""}`,
  };
}

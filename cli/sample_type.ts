import { type Profile, UsageError } from "../core/data/mod.ts";

/**
 * The sample type that somebody named, by its name or number.
 *
 * @returns its index; undefined when nothing was named
 * @throws {UsageError} when the profile has no such sample type
 */
export function sampleTypeIndex({ sampleTypes }: Profile, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const byName = sampleTypes.findIndex((t) => t.name === text);
  const index = byName >= 0 ? byName : /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (index >= 0 && index < sampleTypes.length) return index;
  const types = sampleTypes.map((t, i) => `${i} ${t.name}`).join(", ");
  throw new UsageError(`The profile has no sample type "${text}"`, `There are: ${types}`);
}

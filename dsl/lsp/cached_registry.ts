import { type CallTarget, callTargetText, type ProbePoint, probePointText } from "../../core/query/mod.ts";
import type { RecipeRegistry } from "../registry.ts";

/** Answers are kept until there are so many; then all are asked for again. */
const MOST = 20_000;

/** Answers of a registry, by question. They outlive one check: an editor checks a recipe after each key. */
export type RegistryCache = Map<string, unknown>;

/**
 * A registry that asks once what does not change while the kernel runs. Programs may be built anew, so what is asked of
 * their files is not kept.
 */
export function cachedRegistry(inner: RecipeRegistry, cache: RegistryCache): RecipeRegistry {
  const keep = <T>(key: string, answer: () => T): T => {
    if (cache.has(key)) return cache.get(key) as T;
    const made = answer();
    if (cache.size >= MOST) cache.clear();
    cache.set(key, made);
    return made;
  };
  const ofProbe = <T>(what: string, point: ProbePoint, answer: () => T): T =>
    "path" in point ? answer() : keep(`${what} ${probePointText(point)}`, answer);
  const ofCall = <T>(what: string, target: CallTarget, answer: () => T): T =>
    target.kind === "user" ? answer() : keep(`${what} ${callTargetText(target)}`, answer);
  const { probeField, argumentsNote, similarProbes, callField, similarCalls } = inner;
  return {
    ...inner,
    probeFields: (p) => ofProbe("fields", p, () => inner.probeFields(p)),
    matchProbes: (p, limit) => ofProbe(`match ${limit}`, p, () => inner.matchProbes(p, limit)),
    callFields: (t) => ofCall("call fields", t, () => inner.callFields(t)),
    matchCalls: (t, limit) => ofCall(`match calls ${limit}`, t, () => inner.matchCalls(t, limit)),
    ...(probeField && { probeField: (p, name) => ofProbe(`field ${name}`, p, () => probeField.call(inner, p, name)) }),
    ...(argumentsNote && { argumentsNote: (p) => ofProbe("note", p, () => argumentsNote.call(inner, p)) }),
    ...(similarProbes && { similarProbes: (p) => ofProbe("similar", p, () => similarProbes.call(inner, p)) }),
    ...(callField && { callField: (t, name) => ofCall(`call field ${name}`, t, () => callField.call(inner, t, name)) }),
    ...(similarCalls && { similarCalls: (t) => ofCall("similar calls", t, () => similarCalls.call(inner, t)) }),
  };
}

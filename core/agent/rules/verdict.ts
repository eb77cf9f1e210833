import { type Belief, HEALTHY, type Standing, SUREST } from "./infer.ts";

/** An answer, and how sure it is. */
export interface Verdict {
  readonly kind: "healthy" | "found" | "undecided";
  /** The likeliest hypothesis other than healthy. */
  readonly leader: Standing;
  /** Probability that the answer as given is right, 0–1. */
  readonly confidence: number;
  /** The leader and what says the same: one type, one culprit. */
  readonly together: readonly Standing[];
  /** Independent sources that speak for the leader. */
  readonly sources: readonly string[];
  /** Hypotheses of another type that something measured speaks against. */
  readonly ruledOut: readonly Standing[];
}

/** Log-odds from which a contribution counts as a piece of evidence. */
export const EVIDENCE = 0.7;
/** What is confident. */
const CONFIDENT = 0.8;
/** The most that may be said without two independent pieces of evidence, a rival ruled out, and two windows. */
const UNPROVEN = 0.79;

/**
 * The answer that the belief allows. Hypotheses of the same type about the same culprit are one answer.
 *
 * @param windows how many windows were looked at; persistence takes two
 */
export function verdictOf(belief: Belief, windows: number): Verdict {
  const healthy = belief.standings.find((s) => s.hypothesis.id === HEALTHY);
  const rivals = belief.standings.filter((s) => s.hypothesis.id !== HEALTHY);
  const leader = rivals[0];
  const same = rivals.filter((s) => s.hypothesis.type === leader.hypothesis.type && sameCulprit(s, leader));
  const together = same.reduce((sum, s) => sum + s.probability, 0);
  const sources = [...new Set(same.flatMap(supportOf))];
  const ruledOut = rivals.filter((s) =>
    s.hypothesis.type !== leader.hypothesis.type && s.probability < 0.05 &&
    s.contributions.some((c) => c.logOdds <= -1)
  );
  if (healthy && healthy.probability >= 0.5 && healthy.probability > together) {
    const confidence = Math.min(windows >= 2 ? 0.95 : UNPROVEN, healthy.probability);
    return { kind: "healthy", leader, together: [healthy], confidence, sources: supportOf(healthy), ruledOut: rivals };
  }
  const proven = sources.length >= 2 && ruledOut.length >= 1 && windows >= 2;
  const confidence = Math.min(together, proven || together < CONFIDENT ? SUREST : UNPROVEN);
  return { kind: confidence >= 0.5 ? "found" : "undecided", leader, together: same, confidence, sources, ruledOut };
}

/** Sources that speak for a standing. */
export function supportOf(standing: Standing): string[] {
  return [...new Set(standing.contributions.filter((c) => c.logOdds >= EVIDENCE).map((c) => c.rule.source))];
}

function sameCulprit(a: Standing, b: Standing): boolean {
  if (a.subject === b.subject) return true;
  return a.subject.group.length > 0 && a.subject.group === b.subject.group;
}

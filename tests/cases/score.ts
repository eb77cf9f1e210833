import { isDeepStrictEqual } from "node:util";
import type { Diagnosis, Json } from "../../core/data/mod.ts";
import { atPointer } from "../../core/agent/json_pointer.ts";
import type { Case } from "./case.ts";

/** How a diagnosis compares with what is known. */
export interface Score {
  readonly typeRight: boolean;
  readonly culpritRight: boolean;
  /** Null where no function is asked for. */
  readonly functionRight: boolean | null;
  /** What the root cause should have said and did not. */
  readonly unsaid: readonly string[];
  readonly claims: number;
  /** Claims whose value stands where they say in the recorded result. */
  readonly claimsFound: number;
  /** The others, with the reason. */
  readonly claimProblems: readonly string[];
  /** Type, culprit, function and words are all right. */
  readonly right: boolean;
  /** Squared distance between the confidence and whether type and culprit were right. */
  readonly brier: number;
}

/** The answers of the calls of a recording by call id, in the form of `tool NAME --json`. */
export type Answers = ReadonlyMap<string, Json>;

/** Compares a diagnosis with what is known of its load. */
export function score(c: Case, d: Diagnosis, answers: Answers): Score {
  const { expected } = c;
  const typeRight = d.bottleneck_type === expected.type && (expected.culprits !== null || d.severity === "info");
  const culpritRight = expected.culprits === null
    ? d.culprit === null
    : d.culprit !== null && expected.culprits.includes(d.culprit.comm);
  const functionRight = expected.functions === undefined
    ? null
    : d.culprit?.function !== undefined && expected.functions.includes(d.culprit.function);
  const unsaid = expected.says.filter((r) => !r.test(d.root_cause)).map(String);
  const problems = claimProblems(d, answers);
  const answerRight = typeRight && culpritRight;
  return {
    typeRight,
    culpritRight,
    functionRight,
    unsaid,
    claims: d.evidence_items.length,
    claimsFound: d.evidence_items.length - problems.size,
    claimProblems: [...problems.values()],
    right: answerRight && functionRight !== false && unsaid.length === 0,
    brier: (d.confidence - (answerRight ? 1 : 0)) ** 2,
  };
}

function claimProblems(d: Diagnosis, answers: Answers): Map<string, string> {
  const problems = new Map<string, string>();
  for (const item of d.evidence_items) {
    const answer = answers.get(item.call);
    const found = answer === undefined ? undefined : atPointer(answer, item.path);
    if (answer === undefined) problems.set(item.id, `${item.id}: there is no recorded call ${item.call}`);
    else if (found === undefined) problems.set(item.id, `${item.id}: nothing stands at ${item.path} of ${item.call}`);
    else if (!isDeepStrictEqual(found, item.value)) {
      problems.set(item.id, `${item.id}: ${item.path} is ${JSON.stringify(found)}, not ${JSON.stringify(item.value)}`);
    }
  }
  return problems;
}

/** Evidence lines that do not begin with the id of an evidence item. */
export function looseEvidence(d: Diagnosis): string[] {
  const ids = new Set(d.evidence_items.map((e) => e.id));
  return d.evidence.filter((line) => !ids.has(/^\[([^\]]+)\]/.exec(line)?.[1] ?? ""));
}

import type { Diagnosis } from "../../core/data/mod.ts";
import type { Case } from "./case.ts";
import { QUIET } from "./quiet.ts";
import type { Score } from "./score.ts";

/** What came out of one run. */
export interface RunResult {
  readonly case: Case;
  readonly seconds: number;
  /** How busy the CPUs were before the load began, 0–1: what others did. */
  readonly busyBefore: number;
  /** Why there is no diagnosis. */
  readonly failure?: string;
  readonly diagnosis?: Diagnosis;
  readonly score?: Score;
  /** Evidence lines without an evidence item. */
  readonly loose?: readonly string[];
}

const WIDTHS = [18, 4, 14, 34, 8, 9, 6, 7, 7, 6];
const HEAD = ["case", "run", "expected", "got", "culprit", "function", "says", "claims", "seconds", "Brier"];
let headed = false;

/** One line for a run, and one for each thing that was wrong. */
export function printRow(r: RunResult, run: number): void {
  if (!headed) print(HEAD);
  headed = true;
  const { expected } = r.case;
  if (r.busyBefore > QUIET) {
    console.log(`    not alone: the CPUs were ${(r.busyBefore * 100).toFixed(0)} % busy before the load began`);
  }
  if (!r.diagnosis || !r.score) {
    print([r.case.name, String(run), expected.type, `failed: ${r.failure}`, "", "", "", "", r.seconds.toFixed(1), ""]);
    return;
  }
  const { diagnosis: d, score: s } = r;
  const got = `${d.bottleneck_type} ${d.severity} ${d.confidence.toFixed(2)} ${d.culprit?.comm ?? "-"}`;
  print([
    r.case.name,
    String(run),
    expected.type,
    got,
    mark(s.culpritRight),
    s.functionRight === null ? "-" : mark(s.functionRight),
    expected.says.length === 0 ? "-" : mark(s.unsaid.length === 0),
    `${s.claimsFound}/${s.claims}`,
    r.seconds.toFixed(1),
    s.brier.toFixed(3),
  ]);
  const wrong = [
    ...(s.right ? [] : [`root cause: ${JSON.stringify(d.root_cause)}`]),
    ...(s.functionRight === false ? [`function: ${d.culprit?.function ?? "none"}`] : []),
    ...s.unsaid.map((r) => `does not say ${r}`),
    ...s.claimProblems,
    ...(r.loose ?? []).map((line) => `evidence without an item: ${JSON.stringify(line)}`),
  ];
  for (const line of wrong) console.log(`    ${line}`);
}

/** Totals over all runs. */
export function printSummary(results: readonly RunResult[]): void {
  const scored = results.flatMap((r) => r.score && r.diagnosis ? [{ score: r.score, diagnosis: r.diagnosis }] : []);
  const count = (f: (r: typeof scored[number]) => boolean): number => scored.filter(f).length;
  const claims = scored.reduce((n, r) => n + r.score.claims, 0);
  const found = scored.reduce((n, r) => n + r.score.claimsFound, 0);
  const brier = scored.reduce((n, r) => n + r.score.brier, 0) / scored.length;
  const functions = scored.filter((r) => r.score.functionRight !== null);
  const answerRight = (s: Score): boolean => s.typeRight && s.culpritRight;
  console.log(`
${results.length} runs: ${count((r) => r.score.right)} right in everything, ${
    count((r) => answerRight(r.score))
  } in type and culprit
wrong but sure (confidence ≥ 0.8): ${count((r) => !answerRight(r.score) && r.diagnosis.confidence >= 0.8)}
function right: ${functions.filter((r) => r.score.functionRight).length} of ${functions.length}
claims found in the recorded results: ${found} of ${claims}
slowest: ${Math.max(0, ...results.map((r) => r.seconds)).toFixed(1)} s
Brier score: ${Number.isNaN(brier) ? "-" : brier.toFixed(3)}${
    results.length > scored.length ? `\nwithout a diagnosis: ${results.length - scored.length}` : ""
  }`);
}

function mark(right: boolean): string {
  return right ? "yes" : "NO";
}

function print(cells: readonly string[]): void {
  console.log(cells.map((c, i) => c.padEnd(WIDTHS[i])).join(" ").trimEnd());
}

import { activation } from "./activation.ts";
import { type Facts, MACHINE, type Subject } from "./facts.ts";
import type { Hypothesis, Knowledge, Rule } from "./knowledge.ts";

/** What one rule added to one candidate. */
export interface Contribution {
  readonly rule: Rule;
  /** The subject that showed it. */
  readonly shownBy: Subject;
  readonly activation: number;
  /** Log-odds, before rules of one source were damped. */
  readonly logOdds: number;
}

/** A hypothesis about a subject. */
export interface Candidate {
  readonly hypothesis: Hypothesis;
  readonly subject: Subject;
  readonly logOdds: number;
  readonly contributions: readonly Contribution[];
}

/** A hypothesis with its best candidate and probability. */
export interface Standing extends Candidate {
  readonly probability: number;
}

/** Where all hypotheses stand. */
export interface Belief {
  /** Likeliest first; one standing for each hypothesis. */
  readonly standings: readonly Standing[];
  /** Probability that the cause is none that the knowledge has. */
  readonly other: number;
  /** Rules that could not be judged: what they need was not measured. */
  readonly open: readonly Rule[];
}

/** The hypothesis that nothing is wrong. */
export const HEALTHY = "healthy";
/** No answer is surer than this: the knowledge may be wrong where it is most certain. */
export const SUREST = 0.97;

/**
 * Log-odds of every hypothesis about every subject, then probabilities over the best candidate of each hypothesis and
 * "something else" (log-odds 0), as if one of them were the cause. The best and not all candidates: siblings that share
 * the blame do not make it less likely.
 *
 * @param pid the process asked about: others are less likely what is meant; 0 is the whole machine
 */
export function infer(facts: Facts, knowledge: Knowledge, pid = 0): Belief {
  const open = new Set<Rule>();
  const shown = strongest(facts, knowledge, open);
  const best: Candidate[] = [];
  const family = pid === 0 ? null : familyOf(facts, pid);
  for (const hypothesis of knowledge.hypotheses) {
    const candidates = subjectsFor(facts, hypothesis).map((s) => {
      const c = judge(hypothesis, s, facts, knowledge, shown);
      return family && isStranger(s, family, facts) ? { ...c, logOdds: c.logOdds - STRANGER } : c;
    });
    best.push(candidates.reduce((a, b) => b.logOdds > a.logOdds ? b : a));
  }
  const weights = best.map((c) => Math.exp(c.logOdds));
  const sum = weights.reduce((a, b) => a + b, 1);
  const standings = best.map((c, i) => ({ ...c, probability: weights[i] / sum }))
    .sort((a, b) => b.probability - a.probability);
  return { standings, other: 1 / sum, open: [...open] };
}

/** Log-odds that a process other than the one asked about loses. */
const STRANGER = 1.5;

/** A process and its descendants, by pid. */
function familyOf(facts: Facts, pid: number): ReadonlySet<string> {
  const parent = new Map(
    facts.subjects("process").map((s) => [s.key, String(facts.read("process.ppid", s)[0]?.value)]),
  );
  const family = new Set([String(pid)]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [key, ppid] of parent) if (family.has(ppid)) family.add(key);
  }
  return family;
}

function isStranger(subject: Subject, family: ReadonlySet<string>, facts: Facts): boolean {
  if (subject.scope === "process") return !family.has(subject.key);
  if (subject.scope !== "command") return false;
  return !facts.read("command.parent_pid", subject).some((r) => family.has(String(r.value)));
}

/** Subjects of a hypothesis: at least one, the machine, so that it can be asked about before its rows are known. */
function subjectsFor(facts: Facts, hypothesis: Hypothesis): readonly Subject[] {
  if (hypothesis.subject === "machine") return [MACHINE];
  const all = facts.subjects(hypothesis.subject).filter((s) => hypothesis.kernelThreads || !isKernelThread(facts, s));
  return all.length > 0 ? all : [MACHINE];
}

/** Children of kthreadd (pid 2) and itself. */
export function isKernelThread(facts: Facts, subject: Subject): boolean {
  if (subject.scope !== "process") return false;
  if (subject.key === "2") return true;
  return facts.read("process.ppid", subject).some((r) => r.value === 2);
}

interface Shown {
  readonly subject: Subject;
  readonly activation: number;
}

/** For each rule, the subject that shows it most. */
function strongest(facts: Facts, knowledge: Knowledge, open: Set<Rule>): Map<Rule, Shown | null> {
  const result = new Map<Rule, Shown | null>();
  for (const rule of knowledge.rules) {
    let best: Shown | null = null;
    for (const subject of subjectsOfRule(facts, rule, knowledge)) {
      if (isKernelThread(facts, subject)) continue;
      const a = activation(rule.when, facts, subject);
      if (a !== null && (best === null || a > best.activation)) best = { subject, activation: a };
    }
    if (best === null) open.add(rule);
    result.set(rule, best);
  }
  return result;
}

/** The subjects a rule speaks of: those of the first scope with a key that its terms name, else the machine. */
function subjectsOfRule(facts: Facts, rule: Rule, knowledge: Knowledge): readonly Subject[] {
  const scope = ruleScope(rule, knowledge);
  return scope === "machine" ? [MACHINE] : facts.subjects(scope);
}

/** Asked for each rule and subject: worked out once a rule. */
const ruleScopes = new WeakMap<Rule, string>();

/** The scope whose rows a rule speaks of. */
export function ruleScope(rule: Rule, knowledge: Knowledge): string {
  let scope = ruleScopes.get(rule);
  if (scope === undefined) ruleScopes.set(rule, scope = findRuleScope(rule, knowledge));
  return scope;
}

function findRuleScope(rule: Rule, knowledge: Knowledge): string {
  for (const fact of factsOfRule(rule)) {
    const name = fact.slice(0, fact.indexOf("."));
    const scope = knowledge.scopes[name];
    if (scope?.join) return scope.join.with.slice(0, scope.join.with.indexOf("."));
    if (scope?.key !== undefined) return name;
  }
  return "machine";
}

/** Facts that the terms of a rule name. */
export function factsOfRule(rule: Rule): string[] {
  return rule.when.flatMap((t) => t.any ? t.any.flatMap((x) => x.fact ?? []) : t.fact ?? []);
}

function judge(
  hypothesis: Hypothesis,
  subject: Subject,
  facts: Facts,
  knowledge: Knowledge,
  shown: Map<Rule, Shown | null>,
): Candidate {
  const contributions: Contribution[] = [];
  const add = (rule: Rule, move: readonly [number, number], a: number, shownBy: Subject): void => {
    const logOdds = a * move[0] + (1 - a) * move[1];
    if (logOdds !== 0) contributions.push({ rule, shownBy, activation: a, logOdds });
  };
  for (const rule of knowledge.rules) {
    const own = rule.moves?.[hypothesis.id];
    if (own) {
      const scope = ruleScope(rule, knowledge);
      if (scope === "machine" || scope === subject.scope) {
        const on = scope === "machine" ? MACHINE : subject;
        const a = activation(rule.when, facts, on);
        if (a !== null) add(rule, own, a, on);
      } else {
        const s = shown.get(rule);
        if (s) add(rule, own, s.activation, s.subject);
      }
    }
    const other = rule.others?.[hypothesis.id];
    const s = other ? shown.get(rule) : null;
    if (other && s) add(rule, other, s.activation, s.subject);
  }
  return { hypothesis, subject, logOdds: hypothesis.prior + total(contributions), contributions };
}

/**
 * Sum of contributions, those of one source and direction damped: the strongest counts whole, each further one half of
 * the one before. Grows with every contribution, so that more evidence for something never makes it less likely.
 */
export function total(contributions: readonly Contribution[]): number {
  const bySource = new Map<string, number[]>();
  for (const c of contributions) {
    const key = `${c.logOdds > 0 ? "+" : "-"}${c.rule.source}`;
    const list = bySource.get(key);
    if (list) list.push(c.logOdds);
    else bySource.set(key, [c.logOdds]);
  }
  let sum = 0;
  for (const list of bySource.values()) {
    list.sort((a, b) => Math.abs(b) - Math.abs(a)).forEach((v, i) => sum += v / 2 ** i);
  }
  return sum;
}

import type { Belief } from "./infer.ts";
import { factsOfRule } from "./infer.ts";
import type { Facts } from "./facts.ts";
import { newest } from "./fill.ts";
import type { Knowledge, Probe, Rule } from "./knowledge.ts";

/** A tool worth calling next, and what it is expected to bring. */
export interface Plan {
  readonly probe: Probe;
  /** Expected information in nats, with what completes the leaders' answers. */
  readonly gain: number;
}

/** Chance that a rule holds for a hypothesis it says nothing about. */
const BASE = 0.1;
/** What naming the function or command of a sure leader is worth, in nats. */
const COMPLETION = 0.3;

/** Tools that were not called yet by what they are expected to tell, best first; those not worth their cost are left out. */
export function planProbes(belief: Belief, facts: Facts, knowledge: Knowledge, called: ReadonlySet<string>): Plan[] {
  const plans: Plan[] = [];
  for (const probe of knowledge.probes) {
    if (called.has(probe.tool)) continue;
    const feeds = (fact: string): boolean => knowledge.scopes[fact.slice(0, fact.indexOf("."))]?.tool === probe.tool;
    let gain = 0;
    for (const rule of knowledge.rules) {
      if (factsOfRule(rule).some(feeds)) gain = Math.max(gain, informationGain(rule, belief));
    }
    for (const s of belief.standings) {
      const missing = (s.hypothesis.wants ?? []).filter((f) => feeds(f) && newest(facts, f, s.subject) === null);
      if (missing.length > 0) gain += s.probability * COMPLETION;
    }
    if (gain > probe.cost) plans.push({ probe, gain });
  }
  return plans.sort((a, b) => b.gain - a.gain);
}

/** Expected fall of the entropy over all hypotheses when a rule is found to hold or not. In nats. */
export function informationGain(rule: Rule, belief: Belief): number {
  const p = [...belief.standings.map((s) => s.probability), belief.other];
  const holds = belief.standings.map((s) => {
    const id = s.hypothesis.id;
    const move = rule.moves?.[id] ?? rule.others?.[id];
    return move ? Math.min(0.95, Math.max(0.005, BASE * Math.exp(move[0]))) : BASE;
  });
  holds.push(BASE);
  const yes = p.map((x, i) => x * holds[i]);
  const no = p.map((x, i) => x * (1 - holds[i]));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const [py, pn] = [sum(yes), sum(no)];
  return entropy(p) - py * entropy(yes.map((x) => x / py)) - pn * entropy(no.map((x) => x / pn));
}

function entropy(p: readonly number[]): number {
  return -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);
}

import type { Culprit, Finding } from "../../data/mod.ts";
import type { AgentState, Draft, Lang, Observation } from "../driver.ts";
import { activation } from "./activation.ts";
import { describeGiven } from "./describe_given.ts";
import { type EvidenceList, evidenceList } from "./evidence.ts";
import { type Facts, MACHINE, type Subject } from "./facts.ts";
import { decisive, fill, fillAll, newest } from "./fill.ts";
import { type Belief, type Contribution, HEALTHY, type Standing } from "./infer.ts";
import type { Knowledge, Rule } from "./knowledge.ts";
import { useMatrix } from "./use_matrix.ts";
import type { Verdict } from "./verdict.ts";

/** Log-odds from which a contribution is worth a line of the report. */
const WORTH_SAYING = 0.45;
/** Below this probability the likeliest explanation is not worth a sentence. */
const NOT_A_LEAD = 0.1;
/** Rivals' denials listed. */
const MAX_DENIALS = 4;
/** Findings listed, and the least probability of those after the first. */
const MAX_FINDINGS = 5;
const LEAST_FINDING = 0.02;

/** What the report is written from. */
export interface ReportInput {
  readonly facts: Facts;
  readonly knowledge: Knowledge;
  readonly belief: Belief;
  readonly verdict: Verdict;
  readonly state: AgentState;
  /** Windows that were looked at. */
  readonly windows: number;
}

/** The report: verdict, evidence, recommendations, USE matrix and what is not known. */
export function writeReport(input: ReportInput): Draft {
  const { facts, knowledge, belief, verdict, state } = input;
  const { lang } = state;
  const evidence = evidenceList();
  const { leader } = verdict;
  const healthy = belief.standings.find((s) => s.hypothesis.id === HEALTHY);
  const answer = verdict.kind === "healthy" && healthy ? healthy : leader;

  const cited = new Map<string, string>();
  const support = claims(answer, facts, lang, evidence, "for", cited);
  const against = verdict.kind === "healthy" ? [] : claims(answer, facts, lang, evidence, "against", cited);
  const denials = ruledOutBy(verdict, facts, lang, evidence, answer);
  const findings = rank(input, answer)
    .map((s): Finding => ({
      bottleneck_type: s.hypothesis.type,
      cause: fill(s.hypothesis.cause, lang, facts, s.subject) ?? s.hypothesis.cause[lang],
      confidence: round(s === answer ? verdict.confidence : s.probability),
      culprit: culpritOf(s, facts),
      evidence: [
        ...new Set([
          ...claims(s, facts, lang, evidence, "for", cited),
          ...claims(s, facts, lang, evidence, "against", cited),
        ]),
      ],
    }));
  const matrix = useMatrix(facts, knowledge, lang, evidence);

  const decided = verdict.kind === "found";
  const sentences = fillAll(answer.hypothesis.rootCause, lang, facts, answer.subject);
  const cause = sentences.join(lang === "zh" ? "" : " ") || answer.hypothesis.cause[lang];
  const ids = [...new Set([...support, ...denials, ...against])];
  if (verdict.kind === "undecided") ids.push(...describeGiven(state.observations, lang, evidence));
  const claimOf = (id: string): string => evidence.items.find((e) => e.id === id)!.claim;
  return {
    severity: verdict.kind === "healthy" ? "info" : decided ? severityOf(answer, facts) : "warning",
    bottleneck_type: decided ? answer.hypothesis.type : "unknown",
    root_cause: decided || verdict.kind === "healthy"
      ? cause
      : goneText(facts, state) ?? undecidedText(cause, verdict, belief, lang),
    recommendations: decided || verdict.kind === "healthy"
      ? fillAll(answer.hypothesis.recommendations, lang, facts, answer.subject)
      : [longer(state)],
    confidence: round(decided || verdict.kind === "healthy" ? verdict.confidence : Math.min(0.49, verdict.confidence)),
    culprit: decided ? culpritOf(answer, facts) : null,
    findings,
    evidence: ids.map((id) => `[${id}] ${claimOf(id)}`),
    evidence_items: evidence.items,
    use_matrix: matrix,
    not_known: notKnown(input),
  };
}

/** Evidence ids of the rules that moved a standing, strongest first. */
function claims(
  standing: Standing,
  facts: Facts,
  lang: Lang,
  evidence: EvidenceList,
  side: "for" | "against",
  cited: Map<string, string>,
): string[] {
  const sign = side === "for" ? 1 : -1;
  return standing.contributions
    .filter((c) => c.logOdds * sign >= WORTH_SAYING)
    .sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds))
    .flatMap((c) => claimId(c, facts, lang, evidence, cited) ?? []);
}

/** A rule that holds claims what it shows, one that does not denies it. */
function claimId(
  c: Contribution,
  facts: Facts,
  lang: Lang,
  evidence: EvidenceList,
  cited: Map<string, string>,
): string | null {
  const key = `${c.rule.id} ${c.shownBy.scope} ${c.shownBy.key} ${c.activation >= 0.5}`;
  const known = cited.get(key);
  if (known !== undefined) return known;
  const template = c.activation >= 0.5 ? c.rule.claim : c.rule.denial;
  const text = template ? fill(template, lang, facts, c.shownBy, c.rule.when) : null;
  const cite = c.activation >= 0.5 ? c.rule.cite : c.rule.denialCite ?? c.rule.cite;
  const cell = decisive(facts, cite, c.shownBy, c.rule.when)?.cell;
  if (text === null || !cell) return null;
  const id = evidence.add(text, cell);
  cited.set(key, id);
  return id;
}

/** What speaks against the rivals of other types: denials of the rules that would show them. */
function ruledOutBy(
  verdict: Verdict,
  facts: Facts,
  lang: Lang,
  evidence: EvidenceList,
  answer: Standing,
): string[] {
  const ids: string[] = [];
  const said = new Set<Rule>();
  for (const rival of verdict.ruledOut) {
    for (const c of rival.contributions) {
      if (c.logOdds > -1 || c.activation >= 0.5 || !c.rule.denial || said.has(c.rule)) continue;
      if (c.rule.moves?.[answer.hypothesis.id]?.[0]) continue;
      said.add(c.rule);
      // The process that comes nearest to it makes the strongest denial.
      const subject = nearestTo(c, facts);
      const text = fill(c.rule.denial, lang, facts, subject, c.rule.when);
      const cell = decisive(facts, c.rule.denialCite ?? c.rule.cite, subject, c.rule.when)?.cell;
      if (text !== null && cell) ids.push(evidence.add(text, cell));
    }
  }
  return ids.slice(0, MAX_DENIALS);
}

function nearestTo(c: Contribution, facts: Facts): Subject {
  if (c.shownBy === MACHINE) return MACHINE;
  let best = c.shownBy;
  let most = -Infinity;
  for (const s of facts.subjects(c.shownBy.scope)) {
    const v = Number(newest(facts, c.rule.cite, s)?.value ?? -Infinity);
    if (v > most) [best, most] = [s, v];
  }
  return best;
}

function rank({ belief, verdict }: ReportInput, answer: Standing): Standing[] {
  const rest = belief.standings.filter((s) => !verdict.together.includes(s) && s.probability >= LEAST_FINDING);
  const rivals = verdict.kind === "undecided" ? rest : rest.filter((s) => s.hypothesis.id !== HEALTHY);
  return [answer, ...rivals].slice(0, MAX_FINDINGS);
}

function culpritOf(standing: Standing, facts: Facts): Culprit | null {
  const spec = standing.hypothesis.culprit;
  if (!spec || standing.subject === MACHINE) return null;
  if (spec.if && (activation(spec.if, facts, standing.subject) ?? 0) < 0.5) return null;
  const read = (fact: string | undefined): string | number | null => {
    const v = fact === undefined ? null : newest(facts, fact, standing.subject)?.value ?? null;
    return typeof v === "boolean" ? null : v;
  };
  const pid = read(spec.pid);
  const comm = read(spec.comm);
  if (typeof pid !== "number" || typeof comm !== "string") return null;
  const fn = read(spec.function);
  const container = read(spec.container);
  return {
    pid,
    comm,
    ...(typeof fn === "string" && fn !== "" ? { function: fn } : {}),
    ...(typeof container === "string" && container !== "" ? { container } : {}),
  };
}

function severityOf(standing: Standing, facts: Facts): Draft["severity"] {
  const { critical, severity } = standing.hypothesis;
  return critical && (activation(critical, facts, standing.subject) ?? 0) >= 0.5 ? "critical" : severity;
}

/** That the process asked about was not there at the last look; null when it was, or nobody looked. */
export function goneText(facts: Facts, { pid, lang }: Pick<AgentState, "pid" | "lang">): string | null {
  if (pid === 0 || facts.windows("list_processes", "processes").length === 0) return null;
  const subject = facts.subjects("process").find((s) => s.key === String(pid));
  if (subject !== undefined && subject.rows.at(-1) !== null) return null;
  return lang === "zh" ? `进程 ${pid} 不在或已退出。` : `Process ${pid} is not there, or not any more.`;
}

function undecidedText(cause: string, verdict: Verdict, belief: Belief, lang: Lang): string {
  if (verdict.confidence < NOT_A_LEAD) {
    return lang === "zh"
      ? "无法断定：已知的原因都与测量不符。"
      : "Undecided: no cause that is known here fits what was measured.";
  }
  const share = Math.round(verdict.confidence * 100);
  const other = Math.round(belief.other * 100);
  return lang === "zh"
    ? `无法断定。最可能（${share} %）：${cause}；${other} % 的可能是这里没有的原因。`
    : `Undecided. Likeliest (${share} %): ${cause} With ${other} % it is a cause that is not known here.`;
}

function longer(state: AgentState): string {
  const secs = Math.min(60, Math.max(20, Math.round(state.measureNs / 1e9) * 2));
  return state.lang === "zh"
    ? `在变慢时测量更久：sonde diagnose --for ${secs}s`
    : `Measure longer, while it is slow: sonde diagnose --for ${secs}s`;
}

function notKnown({ facts, knowledge, state, windows }: ReportInput): string[] {
  const { lang } = state;
  const zh = lang === "zh";
  const out: string[] = [];
  for (const o of state.observations) {
    if (o.error !== undefined) out.push(`${o.call.tool}: ${o.error}`);
    out.push(...lossOf(o, zh));
  }
  if (windows === 1) {
    out.push(
      zh ? "只测量了一个时间窗，无法判断是否持续。" : "Only one window was measured: whether it lasts is not known.",
    );
  }
  if (windows === 0 && state.mayCallTools) {
    out.push(zh ? "没有测量整机指标。" : "The machine's metrics were not measured.");
  }
  const gone = goneText(facts, state);
  if (gone !== null) out.push(gone);
  const have = new Set(state.tools.map((t) => t.name));
  for (const blind of knowledge.blind) {
    if (!blind.tools.some((t) => have.has(t))) out.push(blind[lang]);
  }
  return [...new Set(out)];
}

function lossOf(o: Observation, zh: boolean): string[] {
  // Results of one measurement carry the same quality: it is told once.
  const told = new Set<string>();
  return Object.entries(o.results ?? {}).flatMap(([name, r]) => {
    const key = JSON.stringify([r.quality.events, r.quality.lost_by]);
    if (r.quality.lost === 0 || told.has(key)) return [];
    told.add(key);
    const { lost, events } = r.quality;
    return zh
      ? [`${o.call.tool} 的 ${name}：丢失 ${lost} 个事件（另有 ${events} 个）。`]
      : [`${o.call.tool} ${name}: ${lost} events were lost beside ${events} seen.`];
  });
}

function round(p: number): number {
  return Math.round(p * 1000) / 1000;
}

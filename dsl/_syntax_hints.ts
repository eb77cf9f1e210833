import { EOF, type IToken } from "chevrotain";
import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { STAGE_NAMES, STATEMENT_WORDS } from "./_vocabulary.ts";
import { ENDINGS } from "./endings.ts";
import { UNIT_NAMES } from "./literal.ts";
import { nearest } from "../core/data/nearest.ts";
import * as t from "./tokens.ts";

/** What stands around a token that does not belong where it is. */
export interface Clue {
  /** What the parser stumbled over. Behind the last token: none of the text. */
  readonly token: IToken;
  /** Label of the one token that was wanted; empty where several would have done. */
  readonly wanted: string;
  readonly text: string;
  /** All tokens; the stumbling one is `tokens[at]`. */
  readonly tokens: readonly IToken[];
  readonly at: number;
  /** Names that a `let` gives. */
  isResult(name: string): boolean;
}

/** The clue's neighbours, and the words that it stands under. */
interface Near extends Clue {
  readonly image: string;
  readonly before: IToken | undefined;
  readonly before2: IToken | undefined;
  readonly next: IToken | undefined;
  /** The word with which its statement begins. */
  readonly head: IToken | undefined;
  /** The name of its stage. */
  readonly stage: IToken | undefined;
  /** Whether the token before it stands on its line. */
  readonly continues: boolean;
}

/** The likeliest mistake, as what to write instead; empty where nothing can be told. */
export function likelyMistake(clue: Clue): string {
  const near = around(clue);
  for (const rule of RULES) {
    const hint = rule(near);
    if (hint) return hint;
  }
  return "";
}

function around(clue: Clue): Near {
  const { tokens, at } = clue;
  let [head, stage]: (IToken | undefined)[] = [];
  for (let i = at - 1; i >= 0 && head === undefined; i--) {
    if (isA(tokens[i], t.StatementWord)) head = tokens[i];
    else if (!stage && tokens[i].tokenType === t.Pipe && isA(tokens[i + 1], t.Name)) stage = tokens[i + 1];
  }
  const before = tokens[at - 1];
  return {
    ...clue,
    image: clue.token.image,
    before,
    before2: tokens[at - 2],
    next: tokens[at + 1],
    head,
    stage: stage === clue.token ? undefined : stage,
    continues: before !== undefined && before.endLine === clue.token.startLine,
  };
}

function isA(token: IToken | undefined, type: typeof t.Name): boolean {
  return token !== undefined && (token.tokenType === type || token.tokenType.CATEGORIES?.includes(type) === true);
}

type Rule = (n: Near) => string | undefined | false;

const OPERATORS: Readonly<Record<string, string>> = {
  is: 'Write "==", or is_null(x)',
  equals: 'Write "=="',
  contains: 'Write: like "%text%"',
  matches: 'Write: ~ "regular expression"',
  between: "Write: x >= 1 and x <= 5",
  descending: 'Write "desc"',
  ascending: 'Write "asc"',
  group: 'Keys stand behind "by": | aggregate count() by comm',
  over: 'Keys stand behind "by": | aggregate count() by comm',
  per: 'Keys stand behind "by": | aggregate count() by comm',
  having: "Write: | filter CONDITION",
};

const STATEMENTS: Readonly<Record<string, string>> = {
  ...words("if", "Write: when CONDITION { … }"),
  ...words("print printf echo display dump output", "Write: show NAME"),
  ...words("var const set def my val", "Write: let NAME = collect …"),
  ...words("from select get trace watch observe", "Write: collect SOURCE | STAGE …"),
  ...words("assert require ensure verify", "Write: expect CONDITION"),
  ...words("loop repeat while each", "Write: every 5s { … }"),
  ...words("import source use load", 'Write: include "file.perf"'),
  ...words("write store export", 'Write: save NAME to "file.csv"'),
};

function words(names: string, hint: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((name) => [name, hint]));
}

function of(table: Readonly<Record<string, string>>, word: string): string | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** In the order in which they are asked: the first that knows something answers. */
const RULES: readonly Rule[] = [
  comment,
  blocks,
  ({ token, before }) =>
    before?.tokenType === t.Pipe && token.tokenType === t.For && "A window stands behind its source: collect … for 5s",
  ({ image, wanted, token }) =>
    wanted === "Name" && /^[a-z]+$/.test(image) && !isA(token, t.Name) &&
    `"${image}" is a word of the language and cannot be a name here`,
  numbers,
  brackets,
  quotes,
  declarations,
  sources,
  ({ token, before }) => {
    if (token.tokenType === t.PipePipe) return 'One "|" begins a stage';
    if (token.tokenType !== t.Pipe) return;
    if (before === undefined) return 'A pipeline begins with "collect" or the name of a result';
    return before.tokenType === t.Pipe && 'Write "or" for a logical or';
  },
  ({ before, image, next }) =>
    before?.tokenType === t.Else && (image === "if" || image === "when") &&
    `Write: else { when ${next && next.tokenType !== t.OpenBrace ? "…" : "CONDITION"} { … } }`,
  joins,
  stages,
  (n) => n.continues && !isA(n.before, t.StatementWord) && n.before?.tokenType !== t.Pipe ? inExpression(n) : undefined,
  statements,
  ({ before, head }) =>
    before && !(before.tokenType === t.As && head?.tokenType === t.Show) ? of(EXAMPLES, before.image) : undefined,
];

/** What may stand behind a word. */
const EXAMPLES: Readonly<Record<string, string>> = {
  collect: "Such as: collect proc.list, or collect tracepoint:sched:sched_switch for 5s",
  expect: "Such as: expect count(RESULT) > 0",
  when: "Such as: when max(RESULT.COLUMN) > 50% { … }",
  show: "Such as: show RESULT",
  ask: 'Such as: ask "What makes it slow?"',
  investigate: 'Such as: investigate "What makes it slow?" for 10s',
  alert: 'Such as: alert "It is slow" when max(RESULT.COLUMN) > 50%',
  include: 'Such as: include "other.perf"',
  for: "Such as: for 5s",
  tolerate: "Such as: tolerate 5%",
  else: 'Such as: else "It is slow"',
  by: "Such as: by comm",
  as: "Such as: as NAME",
  "|": `Stages: ${STAGE_NAMES.join(", ")}`,
  "->": "A span goes from probes to probes: span PROBE -> PROBE on START == END",
  and: "Such as: a > 1 and b > 2",
  or: "Such as: a > 1 or b > 2",
};

function comment({ token, text }: Near): string | undefined {
  const start = text.slice(token.startOffset, token.startOffset + 2);
  return start === "//" || start === "/*" || start === "--" ? 'A comment begins with "#"' : undefined;
}

function numbers({ token, before, before2, next, image, stage }: Near): string | undefined {
  if (before?.tokenType === t.Percent && before2?.tokenType === t.NumberLiteral) {
    return `A unit stands directly after its number: ${before2.image}%`;
  }
  if (token.tokenType === t.Dot && before?.tokenType === t.NumberLiteral) {
    return `A fraction has digits on both sides of its dot: ${before.image}.0`;
  }
  if (token.tokenType === t.Dot && next?.tokenType === t.Index) {
    return `A fraction has digits on both sides of its dot: 0.${next.image}`;
  }
  if (before?.tokenType !== t.NumberLiteral) return undefined;
  if (UNIT_NAMES.includes(image)) return `A unit stands directly after its number: ${before.image}${image}`;
  if (stage?.image === "top" && before2 === stage && isA(token, t.Name)) {
    return `Write: top ${before.image} by ${image}`;
  }
}

const CLOSES: Readonly<Record<string, string>> = { ")": "(", "}": "{" };

function brackets({ token, tokens, at, wanted, image }: Near): string | undefined {
  const close = wanted === '")"' || wanted === '"}"' ? wanted[1] : "";
  if (!close && !Object.hasOwn(CLOSES, image)) return undefined;
  const open: IToken[] = [];
  for (const one of tokens.slice(0, at)) {
    if (one.image === "(" || one.image === "{") open.push(one);
    else if (Object.hasOwn(CLOSES, one.image) && open.at(-1)?.image === CLOSES[one.image]) open.pop();
  }
  if (close) {
    const left = open.findLast((o) => o.image === CLOSES[close]);
    return left && `"${left.image}" was opened in line ${left.startLine}, column ${left.startColumn}`;
  }
  const none = open.every((o) => o.image !== CLOSES[image]);
  return none && token === tokens[at] ? `No "${CLOSES[image]}" is open here` : undefined;
}

function quotes({ wanted, image, token, before }: Near): string | undefined {
  const isText = isA(token, t.StringLiteral);
  if (wanted === "string" && isA(token, t.Name)) return `Text stands in double quotes: "${image}…"`;
  if (wanted === '"to"' && token.tokenType === EOF && before) return `Write: save ${before.image} to "file.csv"`;
  if (wanted === '"to"' && isText && before && before.tokenType !== t.To) {
    return `Write: save ${before.image} to ${image}`;
  }
  if (isText && before?.tokenType === t.To) return `Write: save NAME to ${image}`;
}

function declarations({ token, wanted, image, before, before2, head, next }: Near): string | undefined {
  if (wanted === '"="' && image === "==") return 'Write "="';
  if (wanted === '"="' && token.tokenType === t.Collect && before) return `Write: let ${before.image} = collect …`;
  const declares = head && [t.Let, t.Param, t.Recipe].includes(head.tokenType);
  if (!declares || !before) return undefined;
  if (image === "-" && before2 === head) return 'A name has letters, digits and "_"';
  if (wanted === "Name" && before === head) {
    if (token.tokenType === t.NumberLiteral) return "A name begins with a letter";
    if (head.tokenType === t.Recipe) {
      return `Write: recipe NAME${isA(token, t.StringLiteral) ? ` ${image}` : ' "title"'}`;
    }
    return head.tokenType === t.Param ? "Write: param NAME: TYPE = DEFAULT" : "Write: let NAME = collect …";
  }
  if (head.tokenType === t.Param && before.tokenType === t.Colon && image === "=") {
    return `Write: param ${before2?.image ?? "NAME"} = ${next?.image ?? "…"}`;
  }
  if (head.tokenType === t.Param && before2 === head && isA(token, t.Name)) {
    return `Write: param ${before.image}: ${image}`;
  }
}

function sources(
  { token, wanted, image, before, before2, next, head, stage, at, tokens, continues }: Near,
): string | undefined {
  if (before?.tokenType === t.Calls && isA(token, t.Name)) {
    return `Write: calls syscall:${image}, calls kernel:${image} or calls user:PATH:${image}`;
  }
  if (before?.tokenType === t.SpanWord || wanted === '"->"') {
    return "A span goes from probes to probes: span PROBE -> PROBE on START == END";
  }
  if (isA(token, t.Name) && next?.tokenType === t.Colon && !stage) {
    const probe = next && tokens[at + 2] ? `${image}:${tokens[at + 2].image}` : `${image}:…`;
    if (head?.tokenType === t.Collect && continues) return `Write: collect calls ${probe} or collect ${probe}`;
    return `To collect from a probe, write: collect ${probe}`;
  }
  if (isA(token, t.Name) && next?.tokenType === t.Dot && !stage && !(head?.tokenType === t.Collect && continues)) {
    const name = `${image}.${tokens[at + 2]?.image ?? "…"}`;
    return before?.tokenType === t.To ? undefined : `To collect, write: collect ${name}`;
  }
  if (head?.tokenType === t.Let && image === "|") {
    const line = tokens.slice(tokens.indexOf(head), at).map((one) => one.image).join(" ").replace(/ ?\. ?/g, ".");
    return `To collect, write: ${line.replace("= ", "= collect ")}`;
  }
  if (before?.tokenType === t.Semicolon && token.tokenType === t.For) return 'A ";" ends a statement: leave it out';
  if (head?.tokenType !== t.Collect || stage) return undefined;
  if (isA(token, t.BinaryOperator) && token.tokenType !== t.PipePipe && before !== head) {
    return 'A stage begins with "|"';
  }
  if (token.tokenType === t.NumberLiteral && before !== head) return `A window is written: for ${image}`;
  if (image === "," && before2 !== head) return "Only probes are listed: collect each collector by itself";
  if (image === "where" && before?.tokenType === t.Probe) return "A span is joined by: on START == END";
}

/** `when`, `every` and `alert`, and what belongs to them. */
function blocks({ token, image, wanted, before, head, next }: Near): string | undefined {
  if (head?.tokenType === t.Alert) {
    if (before === head && (next?.tokenType === t.OpenParen || token.tokenType === t.When)) {
      return 'Write: alert "MESSAGE" when CONDITION';
    }
    if (image === "if" || token.tokenType === t.For) {
      return `Write: alert "MESSAGE" when CONDITION${image === "for" ? " for …" : ""}`;
    }
  }
  if (wanted !== '"{"' && !(token.tokenType === t.OpenBrace && before === head)) return undefined;
  if (head?.tokenType === t.Every) return "Write: every 5s { … }";
  if (head?.tokenType === t.When) return "Write: when CONDITION { … }";
}

const JOINS: readonly string[] = ["left", "inner", "anti", "right", "outer", "full", "cross"];

function joins({ token, tokens, image, before, stage, head, next }: Near): string | undefined {
  const [first, under] = [stage?.image ?? "", head ? tokens[tokens.indexOf(head) - 1]?.image : ""];
  if (JOINS.includes(first) && before?.image === "join") return `Write: | join ${image}, left by KEY`;
  if (first === "join" && token.tokenType === t.On) {
    return `Keys stand behind "by": | join ${before?.image} by ${next?.image ?? "KEY"}`;
  }
  if (token.tokenType === t.By && head?.tokenType === t.Collect && under === "join") {
    return "Name it first: let other = collect …, then: | join other by KEY";
  }
}

function stages({ token, before, stage, image, tokens }: Near): string | undefined {
  const name = before && tokens[tokens.indexOf(before) - 1]?.tokenType === t.Pipe ? before : stage;
  if (!name || STAGE_NAMES.includes(name.image)) {
    if (before?.tokenType === t.Pipe && token.tokenType === t.NumberLiteral) {
      return 'A bitwise "|" stands in parentheses: (a | b)';
    }
    if (image === "*" && before?.image === "select") return "Without select all columns are kept";
    return undefined;
  }
  if (AGGREGATES.has(name.image) || Object.hasOwn(ENDINGS, name.image)) {
    return `Aggregations stand in aggregate: | aggregate ${name.image}(…)`;
  }
  return name === before ? `There is no stage "${name.image}"; a bitwise or stands in parentheses: (a | b)` : undefined;
}

function inExpression({ token, image, before, stage, head }: Near): string | undefined {
  if (token.tokenType === t.OpenParen && before?.tokenType === t.CloseParen && stage) {
    return 'Between two values stands an operator, such as "and"';
  }
  if (!isA(token, t.Name) && !isA(token, t.StringLiteral) && token.tokenType !== t.NumberLiteral) return undefined;
  const known = of(OPERATORS, image);
  if (known) return known;
  if (image === "where") return "Write: | filter CONDITION";
  if (before?.tokenType === t.Desc || before?.tokenType === t.Asc) {
    return `The order stands behind its column: ${image} ${before.image}`;
  }
  if (before && (SCALARS.has(before.image) || AGGREGATES.has(before.image))) return `Write: ${before.image}(${image})`;
  if (isA(token, t.Name) && stage && ["aggregate", "select", "derive", "distinct"].includes(stage.image)) {
    return `A name of a column stands behind "as": … as ${image}`;
  }
  if (head?.tokenType === t.Show && isA(before, t.Name)) return "Names are separated by commas";
}

/** What stands where a statement begins, or somewhere on the line of one that is mistyped. */
function statements({ token, image, tokens, at, continues, isResult }: Near): string | undefined {
  let first = at;
  while (first > 0 && tokens[first - 1].startLine === token.startLine) first--;
  const [word, second] = [tokens[first], tokens[first + 1]];
  if (word?.tokenType === t.Name && second?.tokenType !== t.Pipe) {
    if (STAGE_NAMES.includes(word.image)) return `A stage begins with "|": | ${word.image}`;
    const meant = of(STATEMENTS, word.image);
    if (meant) return meant;
    const near = isResult(word.image) ? undefined : nearest(word.image, STATEMENT_WORDS, 1)[0];
    if (near) return `Did you mean "${near}" instead of "${word.image}"?`;
  }
  return isResult(image) && !continues ? `To show a result, write: show ${image}` : undefined;
}

/** What is meant by signs that are not of the language. */
export function strangeSign(sign: string): string {
  if (/^[[\]]/.test(sign)) return "A list stands in parentheses: (1, 2)";
  if (/^[`\u2018\u2019\u201c\u201d\u00ab\u00bb]/.test(sign)) return 'Text stands in double quotes: "text"';
  if (sign.startsWith("?")) return "Write: if(condition, x, y)";
  if (sign.startsWith("$")) return "A parameter is declared by param and used as $NAME";
  if (sign.startsWith("@")) return "There are no maps: name a result by let, and its columns by aggregate … by …";
  if (sign.startsWith("\\")) return "Line breaks mean nothing: nothing joins lines";
  const meant = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "×": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "→": "->",
    "∧": "and",
    "∨": "or",
    "¬": "not",
  }[sign[0]];
  return meant ? `Write "${meant}"` : "";
}

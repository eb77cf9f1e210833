import type { Span } from "./position.ts";

/**
 * The tree of a recipe as it was written: names unresolved, types unchecked. Every node knows its place; comments and
 * tokens are kept beside it ({@linkcode Tree}), so that a formatter loses nothing.
 */
export interface Tree {
  readonly statements: readonly Statement[];
  readonly comments: readonly Comment[];
}

/** `# …` up to the end of its line. */
export interface Comment {
  readonly text: string;
  readonly span: Span;
}

/** A name and where it stands. */
export interface Ident {
  readonly name: string;
  readonly span: Span;
}

/** A text and where it stands, escapes resolved. */
export interface Str {
  readonly value: string;
  readonly span: Span;
}

/** One statement. */
export type Statement =
  | RecipeStatement
  | ParamStatement
  | LetStatement
  | PipelineStatement
  | WhenStatement
  | EveryStatement
  | ExpectStatement
  | ShowStatement
  | SaveStatement
  | AskStatement
  | AlertStatement
  | IncludeStatement;

interface Node {
  readonly span: Span;
}

/** `recipe NAME "title"` */
export interface RecipeStatement extends Node {
  readonly kind: "recipe";
  readonly name: Ident;
  readonly title: Str | null;
}

/** `param NAME: TYPE = DEFAULT "doc"` */
export interface ParamStatement extends Node {
  readonly kind: "param";
  readonly name: Ident;
  readonly type: Ident | null;
  readonly default: ExprNode | null;
  readonly doc: Str | null;
}

/** `let NAME = PIPELINE` */
export interface LetStatement extends Node {
  readonly kind: "let";
  readonly name: Ident;
  /** Null when it is missing or broken. */
  readonly pipeline: Pipeline | null;
  /** An expression stands where the pipeline belongs. */
  readonly value: ExprNode | null;
}

/** A pipeline without a name. */
export interface PipelineStatement extends Node {
  readonly kind: "pipeline";
  readonly pipeline: Pipeline;
}

/** `when COND { … } else { … }` */
export interface WhenStatement extends Node {
  readonly kind: "when";
  readonly condition: ExprNode | null;
  readonly then: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

/** `every DURATION for DURATION { … }` */
export interface EveryStatement extends Node {
  readonly kind: "every";
  readonly period: ExprNode | null;
  /** Null: until stopped. */
  readonly duration: ExprNode | null;
  readonly body: readonly Statement[];
}

/** `expect COND tolerate RATIO else "message"` */
export interface ExpectStatement extends Node {
  readonly kind: "expect";
  readonly condition: ExprNode | null;
  readonly tolerate: ExprNode | null;
  readonly message: Str | null;
}

/** `show NAME as FORM, …` */
export interface ShowStatement extends Node {
  readonly kind: "show";
  readonly items: readonly ShownItem[];
}

/** A result that is shown, and how. */
export interface ShownItem extends Node {
  readonly name: Ident;
  /** `table`, `hist`, `flame`, `series`, `heatmap`; null: as it is. */
  readonly form: Ident | null;
}

/** `save NAME to "file"` */
export interface SaveStatement extends Node {
  readonly kind: "save";
  readonly name: Ident | null;
  readonly file: Str | null;
}

/** `ask "question" with NAME, …` and `investigate "question" with NAME, … for DURATION` */
export interface AskStatement extends Node {
  readonly kind: "ask" | "investigate";
  readonly question: Str | null;
  /** Null without `with`. */
  readonly results: readonly Ident[] | null;
  readonly duration: ExprNode | null;
}

/** `alert "message" when COND for DURATION with NAME, …` */
export interface AlertStatement extends Node {
  readonly kind: "alert";
  readonly message: Str | null;
  /** Null: whenever the statement is reached. */
  readonly condition: ExprNode | null;
  /** How long the condition has to hold. */
  readonly duration: ExprNode | null;
  /** Results that go with it. Null without `with`. */
  readonly results: readonly Ident[] | null;
}

/** `include "file"` */
export interface IncludeStatement extends Node {
  readonly kind: "include";
  readonly file: Str | null;
}

/** A source and its stages. */
export interface Pipeline extends Node {
  readonly source: Source;
  readonly stages: readonly Stage[];
}

/** Where rows come from. */
export type Source =
  | { readonly kind: "result"; readonly name: Ident; readonly span: Span }
  | CollectSource;

/** `collect … for D include self` */
export interface CollectSource extends Node {
  readonly kind: "collect";
  readonly what: Collected | null;
  readonly duration: ExprNode | null;
  readonly includeSelf: Span | null;
}

/** What is collected. */
export type Collected =
  | { readonly kind: "collector"; readonly name: Ident; readonly args: readonly Arg[]; readonly span: Span }
  | { readonly kind: "probes"; readonly probes: readonly ProbeText[]; readonly span: Span }
  | { readonly kind: "calls"; readonly targets: readonly ProbeText[]; readonly span: Span }
  | {
    readonly kind: "span";
    readonly starts: readonly ProbeText[];
    readonly ends: readonly ProbeText[];
    readonly on: ExprNode | null;
    readonly cancels: readonly ProbeText[];
    readonly span: Span;
  };

/** A probe as it was written. */
export interface ProbeText extends Node {
  readonly text: string;
}

/** `name: value` or a bare value in parentheses. */
export interface Arg extends Node {
  readonly name: Ident | null;
  readonly value: ExprNode;
}

/** `| NAME item, item by item, item` */
export interface Stage extends Node {
  readonly name: Ident;
  readonly items: readonly StageItem[];
  /** Null without `by`. */
  readonly by: readonly StageItem[] | null;
}

/** One expression of a stage, with what may follow it. */
export interface StageItem extends Node {
  readonly expr: ExprNode;
  readonly as: Ident | null;
  readonly order: "asc" | "desc" | null;
}

/** An expression as it was written. */
export type ExprNode =
  | NumberNode
  | { readonly kind: "string"; readonly value: string; readonly span: Span }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "null"; readonly span: Span }
  | { readonly kind: "param"; readonly name: string; readonly span: Span }
  /** `pid`, `start.args.comm` */
  | { readonly kind: "path"; readonly name: string; readonly span: Span }
  | CallNode
  | { readonly kind: "unary"; readonly op: "not" | "-"; readonly arg: ExprNode; readonly span: Span }
  | BinaryNode
  /** `(a, b)`, only right of `in` */
  | { readonly kind: "list"; readonly items: readonly ExprNode[]; readonly span: Span }
  /** Something is missing or broken here, and was reported. */
  | { readonly kind: "missing"; readonly span: Span };

/** `10ms`: the digits and the unit as written, read by the checker. */
export interface NumberNode extends Node {
  readonly kind: "number";
  readonly text: string;
}

/** `p99(duration)` */
export interface CallNode extends Node {
  readonly kind: "call";
  readonly name: Ident;
  readonly args: readonly Arg[];
}

/** `a < b`; `op` is the operator's text, `not in`, or `=` where the checker must complain. */
export interface BinaryNode extends Node {
  readonly kind: "binary";
  readonly op: string;
  readonly opSpan: Span;
  readonly left: ExprNode;
  readonly right: ExprNode;
  readonly inParentheses?: true;
}

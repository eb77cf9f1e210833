import { type CstNode, CstParser, type IToken, type TokenType } from "chevrotain";
import { parseErrors } from "./_parse_errors.ts";
import * as t from "./tokens.ts";

/** Blocks inside one another, of which some have no brace: the parser made it up. */
const MAX_BLOCKS = 80;

/** What the parser says of its errors, and how many there may be. */
export const PARSE_ERRORS = parseErrors();

/**
 * The grammar. Line breaks mean nothing, with one exception: the first item of a stage stands on the line of the
 * stage's name, so that a stage without items may be followed by a statement that begins with a name.
 *
 * Stages are all of one form, `| NAME items by items`, so that plugins add stages without touching the grammar.
 * Operators are parsed as a flat list; `expr_tree.ts` gives them their precedence.
 */
export class RecipeParser extends CstParser {
  /** How many parentheses are open: inside them `|` is the bitwise or. */
  private depth = 0;
  private blocks = 0;

  constructor() {
    super(t.ALL_TOKENS, {
      recoveryEnabled: true,
      nodeLocationTracking: "onlyOffset",
      maxLookahead: 2,
      errorMessageProvider: PARSE_ERRORS,
      skipValidations: true,
    });
    this.performSelfAnalysis();
  }

  override reset(): void {
    this.depth = 0;
    this.blocks = 0;
    super.reset();
  }

  /** Chevrotain asks before it takes a missing token for there. Of braces that never were there is no end. */
  override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return type !== t.OpenBrace || this.blocks < MAX_BLOCKS;
  }

  readonly recipe = this.RULE("recipe", () => {
    this.MANY(() => this.SUBRULE(this.statement));
  });

  readonly statement = this.RULE("statement", () => {
    this.depth = 0;
    this.OR([
      { ALT: () => this.SUBRULE(this.recipeStatement) },
      { ALT: () => this.SUBRULE(this.paramStatement) },
      { ALT: () => this.SUBRULE(this.letStatement) },
      { ALT: () => this.SUBRULE(this.whenStatement) },
      { ALT: () => this.SUBRULE(this.everyStatement) },
      { ALT: () => this.SUBRULE(this.expectStatement) },
      { ALT: () => this.SUBRULE(this.showStatement) },
      { ALT: () => this.SUBRULE(this.saveStatement) },
      { ALT: () => this.SUBRULE(this.askStatement) },
      { ALT: () => this.SUBRULE(this.alertStatement) },
      { ALT: () => this.SUBRULE(this.includeStatement) },
      { ALT: () => this.SUBRULE(this.pipeline) },
    ]);
    this.OPTION(() => this.CONSUME(t.Semicolon));
  });

  readonly recipeStatement = this.RULE("recipeStatement", () => {
    this.CONSUME(t.Recipe);
    this.CONSUME(t.Name);
    this.OPTION(() => this.CONSUME(t.StringLiteral));
  });

  readonly paramStatement = this.RULE("paramStatement", () => {
    this.CONSUME(t.Param);
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.CONSUME2(t.Name, { LABEL: "type" });
    });
    this.OPTION2(() => {
      this.CONSUME(t.Equal);
      this.SUBRULE(this.expression);
    });
    this.OPTION3(() => this.CONSUME(t.StringLiteral));
  });

  readonly letStatement = this.RULE("letStatement", () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Name);
    this.CONSUME(t.Equal);
    this.OR([
      { GATE: () => this.isPipeline(), ALT: () => this.SUBRULE(this.pipeline) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
  });

  readonly pipeline = this.RULE("pipeline", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.collect) },
      { ALT: () => this.CONSUME(t.Name) },
    ]);
    this.MANY(() => this.SUBRULE(this.stage));
  });

  readonly collect = this.RULE("collect", () => {
    this.CONSUME(t.Collect);
    this.OR([
      { GATE: () => this.LA(2).tokenType === t.Probe, ALT: () => this.SUBRULE(this.calls) },
      { GATE: () => this.LA(2).tokenType === t.Probe, ALT: () => this.SUBRULE(this.span) },
      { ALT: () => this.SUBRULE(this.probes) },
      { ALT: () => this.SUBRULE(this.collector) },
    ]);
    this.MANY({
      GATE: () => this.LA(1).tokenType === t.For || this.LA(2).tokenType === t.Self,
      DEF: () =>
        this.OR2([
          { ALT: () => this.SUBRULE(this.forClause) },
          { ALT: () => this.SUBRULE(this.selfClause) },
        ]),
    });
  });

  readonly forClause = this.RULE("forClause", () => {
    this.CONSUME(t.For);
    this.SUBRULE(this.expression);
  });

  readonly selfClause = this.RULE("selfClause", () => {
    this.CONSUME(t.Include);
    this.CONSUME(t.Self);
  });

  readonly collector = this.RULE("collector", () => {
    this.SUBRULE(this.path);
    this.OPTION(() => this.SUBRULE(this.args));
  });

  readonly probes = this.RULE("probes", () => {
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.CONSUME(t.Probe) });
  });

  readonly calls = this.RULE("calls", () => {
    this.CONSUME(t.Calls);
    this.SUBRULE(this.probes);
  });

  readonly span = this.RULE("span", () => {
    this.CONSUME(t.SpanWord);
    this.SUBRULE(this.probes, { LABEL: "starts" });
    this.CONSUME(t.Arrow);
    this.SUBRULE2(this.probes, { LABEL: "ends" });
    this.OPTION(() => {
      this.CONSUME(t.On);
      this.SUBRULE(this.expression);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Cancel);
      this.SUBRULE3(this.probes, { LABEL: "cancels" });
    });
  });

  readonly stage = this.RULE("stage", () => {
    this.depth = 0;
    this.CONSUME(t.Pipe);
    this.CONSUME(t.Name);
    this.OPTION({ GATE: () => this.sameLine(), DEF: () => this.SUBRULE(this.items) });
    this.OPTION2(() => {
      this.CONSUME(t.By);
      this.SUBRULE2(this.items, { LABEL: "by" });
    });
  });

  readonly items = this.RULE("items", () => {
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.item) });
  });

  readonly item = this.RULE("item", () => {
    this.SUBRULE(this.expression);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME(t.Name);
    });
    this.OPTION2({
      GATE: () => this.sameLine(),
      DEF: () => this.OR([{ ALT: () => this.CONSUME(t.Asc) }, { ALT: () => this.CONSUME(t.Desc) }]),
    });
  });

  readonly whenStatement = this.RULE("whenStatement", () => {
    this.CONSUME(t.When);
    this.SUBRULE(this.expression);
    this.SUBRULE(this.block, { LABEL: "then" });
    this.OPTION(() => {
      this.CONSUME(t.Else);
      this.SUBRULE2(this.block, { LABEL: "otherwise" });
    });
  });

  readonly everyStatement = this.RULE("everyStatement", () => {
    this.CONSUME(t.Every);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.SUBRULE(this.forClause));
    this.SUBRULE(this.block);
  });

  readonly block = this.RULE("block", () => {
    this.CONSUME(t.OpenBrace);
    const before = this.blocks++;
    this.MANY(() => this.SUBRULE(this.statement));
    this.blocks = before;
    this.CONSUME(t.CloseBrace);
  });

  readonly expectStatement = this.RULE("expectStatement", () => {
    this.CONSUME(t.Expect);
    this.SUBRULE(this.expression);
    this.OPTION(() => {
      this.CONSUME(t.Tolerate);
      this.SUBRULE2(this.expression, { LABEL: "tolerate" });
    });
    this.OPTION2(() => {
      this.CONSUME(t.Else);
      this.CONSUME(t.StringLiteral);
    });
  });

  readonly showStatement = this.RULE("showStatement", () => {
    this.CONSUME(t.Show);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.shown) });
  });

  readonly shown = this.RULE("shown", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Name, { LABEL: "form" });
    });
  });

  readonly names = this.RULE("names", () => {
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.CONSUME(t.Name) });
  });

  readonly saveStatement = this.RULE("saveStatement", () => {
    this.CONSUME(t.Save);
    this.CONSUME(t.Name);
    this.CONSUME(t.To);
    this.CONSUME(t.StringLiteral);
  });

  readonly askStatement = this.RULE("askStatement", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Ask) }, { ALT: () => this.CONSUME(t.Investigate) }]);
    this.CONSUME(t.StringLiteral);
    this.OPTION(() => {
      this.CONSUME(t.With);
      this.SUBRULE(this.names);
    });
    this.OPTION2(() => this.SUBRULE(this.forClause));
  });

  readonly alertStatement = this.RULE("alertStatement", () => {
    this.CONSUME(t.Alert);
    this.CONSUME(t.StringLiteral);
    this.OPTION({
      // A `when` on the next line is a statement of its own.
      GATE: () => this.sameLine(),
      DEF: () => {
        this.CONSUME(t.When);
        this.SUBRULE(this.expression);
        this.OPTION2(() => this.SUBRULE(this.forClause));
      },
    });
    this.OPTION3(() => {
      this.CONSUME(t.With);
      this.SUBRULE(this.names);
    });
  });

  readonly includeStatement = this.RULE("includeStatement", () => {
    this.CONSUME(t.Include);
    this.CONSUME(t.StringLiteral);
  });

  readonly expression = this.RULE("expression", () => {
    this.SUBRULE(this.operand);
    this.MANY({
      GATE: () => this.depth > 0 || this.LA(1).tokenType !== t.Pipe,
      DEF: () => {
        this.SUBRULE(this.operator);
        this.SUBRULE2(this.operand);
      },
    });
  });

  readonly operator = this.RULE("operator", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.BinaryOperator) },
      {
        ALT: () => {
          this.CONSUME(t.Not);
          this.CONSUME2(t.BinaryOperator, { LABEL: "negated" });
        },
      },
    ]);
  });

  readonly operand = this.RULE("operand", () => {
    this.MANY(() =>
      this.OR([
        { ALT: () => this.CONSUME(t.Not, { LABEL: "prefix" }) },
        { ALT: () => this.CONSUME(t.Minus, { LABEL: "prefix" }) },
        { ALT: () => this.CONSUME(t.Bang, { LABEL: "prefix" }) },
      ])
    );
    this.OR2([
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.CONSUME(t.StringLiteral) },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      { ALT: () => this.CONSUME(t.Null) },
      { ALT: () => this.CONSUME(t.Dollar) },
      { ALT: () => this.SUBRULE(this.parenthesis) },
      {
        ALT: () => {
          this.SUBRULE(this.path);
          this.OPTION(() => this.SUBRULE(this.args));
        },
      },
    ]);
  });

  readonly parenthesis = this.RULE("parenthesis", () => {
    this.CONSUME(t.OpenParen);
    const before = this.depth++;
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) });
    this.depth = before;
    this.CONSUME(t.CloseParen);
  });

  readonly path = this.RULE("path", () => {
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.CONSUME(t.Member);
    });
  });

  readonly args = this.RULE("args", () => {
    this.CONSUME(t.OpenParen);
    const before = this.depth++;
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.arg) });
    this.depth = before;
    this.CONSUME(t.CloseParen);
  });

  readonly arg = this.RULE("arg", () => {
    this.OPTION({
      GATE: () => this.LA(2).tokenType === t.Colon,
      DEF: () => {
        this.CONSUME(t.Name);
        this.CONSUME(t.Colon);
      },
    });
    this.SUBRULE(this.expression);
  });

  /** Whether what follows `let x =` is a pipeline: `collect …`, or a name that begins no longer expression. */
  private isPipeline(): boolean {
    const first = this.LA(1).tokenType;
    if (first === t.Collect) return true;
    if (first !== t.Name && !first.CATEGORIES?.includes(t.Name)) return false;
    const second = this.LA(2).tokenType;
    if (second === t.Pipe) return true;
    return second !== t.Dot && second !== t.OpenParen && second !== t.Not &&
      !second.CATEGORIES?.includes(t.BinaryOperator);
  }

  /** Whether the next token stands on the line on which the last one ended. */
  private sameLine(): boolean {
    return this.onLineOf(this.LA(1), this.LA(0));
  }

  private onLineOf(token: IToken, other: IToken): boolean {
    return token.startLine === other.endLine;
  }
}

/** The one parser. Built once, on first use of this module; `input` resets it. */
export const RECIPE_PARSER: RecipeParser = new RecipeParser();

/** Children of a CST node by name. */
export function nodesOf(node: CstNode | undefined, name: string): CstNode[] {
  return (node?.children[name] ?? []) as CstNode[];
}

/** Tokens of a CST node by name. Those that recovery made up are left out. */
export function tokensOf(node: CstNode | undefined, name: string): IToken[] {
  return ((node?.children[name] ?? []) as IToken[]).filter((token) => !token.isInsertedInRecovery);
}

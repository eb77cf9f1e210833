import { createToken, Lexer, type TokenType } from "chevrotain";
import type { IToken } from "chevrotain";

/**
 * The words and signs of the language. Statement words, operators in words and `by as for` are reserved; the other
 * keywords (`on with to …`) are also names where a name is expected. After a dot every word is a name.
 */

/** A category: names, and the keywords that may stand for one. */
export const Name = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });
/** A category: `collect`, `let`, … */
export const StatementWord = createToken({ name: "StatementWord", pattern: Lexer.NA });
/** A category: operators between two operands. */
export const BinaryOperator = createToken({ name: "BinaryOperator", pattern: Lexer.NA });
/** A category: what may follow a dot. */
export const Member = createToken({ name: "Member", pattern: Lexer.NA });

const word = (text: string, ...categories: TokenType[]): TokenType =>
  createToken({
    name: text[0].toUpperCase() + text.slice(1),
    pattern: new RegExp(`${text}\\b`),
    categories: [...categories, Member],
    label: `"${text}"`,
  });
const sign = (name: string, text: string, ...categories: TokenType[]): TokenType =>
  createToken({ name, pattern: text, categories, label: `"${text}"` });

Name.CATEGORIES = [Member];

// Reserved: statements
export const Recipe = word("recipe", StatementWord);
export const Param = word("param", StatementWord);
export const Let = word("let", StatementWord);
export const Collect = word("collect", StatementWord);
export const When = word("when", StatementWord);
export const Every = word("every", StatementWord);
export const Expect = word("expect", StatementWord);
export const Show = word("show", StatementWord);
export const Save = word("save", StatementWord);
export const Ask = word("ask", StatementWord);
export const Investigate = word("investigate", StatementWord);
export const Alert = word("alert", StatementWord);
export const Include = word("include", StatementWord);
// Reserved: clauses and operators
export const Else = word("else");
export const For = word("for");
export const By = word("by");
export const As = word("as");
export const And = word("and", BinaryOperator);
export const Or = word("or", BinaryOperator);
export const Not = word("not");
export const In = word("in", BinaryOperator);
export const Like = word("like", BinaryOperator);
export const True = word("true");
export const False = word("false");
export const Null = word("null");
// Words only where they are expected
export const On = word("on", Name);
export const With = word("with", Name);
export const To = word("to", Name);
export const Tolerate = word("tolerate", Name);
export const Cancel = word("cancel", Name);
export const Self = word("self", Name);
export const SpanWord = word("span", Name);
export const Calls = word("calls", Name);
export const Asc = word("asc", Name);
export const Desc = word("desc", Name);

/**
 * `12`, `0xff`, `1_000`, `2.5`, `1e6` with an optional unit: `10ms`, `4KiB`, `99hz`, `50%`, `100MiB/s`. A percent sign
 * belongs to the number unless an operand follows it at once (`7%3`).
 */
export const NumberLiteral = createToken({
  name: "NumberLiteral",
  label: "number",
  pattern:
    /(?:0[xX]\w*|0[bB]\w+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)(?:%(?![\w$("'.])|[A-Za-zµμ]+[A-Za-z0-9]*)?(?:\/s\b)?/,
  start_chars_hint: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
});
export const StringLiteral = createToken({
  name: "StringLiteral",
  label: "string",
  pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*"/,
});
/** A string whose quote is missing: it ends with the line. */
export const OpenString = createToken({
  name: "OpenString",
  pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*\\?/,
  categories: [StringLiteral],
});
/** `'text'`: not of the language, but what it should be is clear. */
export const SingleQuoted = createToken({
  name: "SingleQuoted",
  pattern: /'[^'\n\r]*'?/,
  categories: [StringLiteral],
});
/** `$name`: a parameter. */
export const Dollar = createToken({
  name: "Dollar",
  label: "parameter",
  pattern: /\$[A-Za-z_][A-Za-z0-9_]*/,
  start_chars_hint: ["$"],
});

export const Arrow = sign("Arrow", "->");
export const ShiftLeft = sign("ShiftLeft", "<<", BinaryOperator);
export const ShiftRight = sign("ShiftRight", ">>", BinaryOperator);
export const EqualEqual = sign("EqualEqual", "==", BinaryOperator);
export const NotEqual = sign("NotEqual", "!=", BinaryOperator);
export const LessEqual = sign("LessEqual", "<=", BinaryOperator);
export const GreaterEqual = sign("GreaterEqual", ">=", BinaryOperator);
/** Other languages' `&&`, `||`, `!`: taken as `and`, `or`, `not`, with an error that says so. */
export const AmpAmp = sign("AmpAmp", "&&", BinaryOperator);
export const PipePipe = sign("PipePipe", "||", BinaryOperator);
export const Bang = sign("Bang", "!");
/** As `<>` of SQL, and `===`, `!==` of JavaScript. */
export const LessGreater = sign("LessGreater", "<>", BinaryOperator);
export const TripleEqual = sign("TripleEqual", "===", BinaryOperator);
export const NotTripleEqual = sign("NotTripleEqual", "!==", BinaryOperator);
export const Less = sign("Less", "<", BinaryOperator);
export const Greater = sign("Greater", ">", BinaryOperator);
/** No operator, yet parsed as one, so that the checker can say what was meant. */
export const Equal = sign("Equal", "=", BinaryOperator);
export const Plus = sign("Plus", "+", BinaryOperator);
export const Minus = sign("Minus", "-", BinaryOperator);
export const Star = sign("Star", "*", BinaryOperator);
export const Slash = sign("Slash", "/", BinaryOperator);
export const Percent = sign("Percent", "%", BinaryOperator);
export const Ampersand = sign("Ampersand", "&", BinaryOperator);
export const Caret = sign("Caret", "^", BinaryOperator);
export const Tilde = sign("Tilde", "~", BinaryOperator);
/** Between stages; inside parentheses the bitwise or. */
export const Pipe = sign("Pipe", "|", BinaryOperator);
export const Comma = sign("Comma", ",");
export const Colon = sign("Colon", ":");
export const Dot = sign("Dot", ".");
export const Semicolon = sign("Semicolon", ";");
export const OpenParen = sign("OpenParen", "(");
export const CloseParen = sign("CloseParen", ")");
export const OpenBrace = sign("OpenBrace", "{");
export const CloseBrace = sign("CloseBrace", "}");

/** A token that stands only behind a dot. */
function afterDot(name: string, label: string, pattern: RegExp, starts: readonly string[]): TokenType {
  return createToken({
    name,
    label,
    line_breaks: false,
    start_chars_hint: [...starts],
    categories: Member,
    pattern: (text: string, offset: number, tokens: IToken[]): RegExpExecArray | null => {
      if (tokens.at(-1)?.tokenType !== Dot) return null;
      pattern.lastIndex = offset;
      return pattern.exec(text);
    },
  });
}

/** `args.0`: an argument by its number, or an element of an array. */
export const Index = afterDot("Index", "number", /\d+/y, [..."0123456789"]);
/** `args.sk.(tcp_sock)`: what stands before it, taken as that struct. */
export const Cast = afterDot("Cast", "a struct", /\([ \t]*[A-Za-z_]\w*[ \t]*\)/y, ["("]);

const PROBE = /[A-Za-z_]\w*:(?:"(?:[^"\\\n\r]|\\[^\n\r])*"|[^\s,;|(){}"#])+/y;

/**
 * `tracepoint:sched:sched_switch`, `uprobe:"/opt/my app/bin":main`: one token, and only where a source is expected, so
 * that `hz:99` among arguments stays what it is.
 */
export const Probe = createToken({
  name: "Probe",
  label: "probe",
  line_breaks: false,
  start_chars_hint: [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"],
  pattern: (text: string, offset: number, tokens: IToken[]): RegExpExecArray | null => {
    if (!probeMayFollow(tokens)) return null;
    PROBE.lastIndex = offset;
    return PROBE.exec(text);
  },
});

function probeMayFollow(tokens: readonly IToken[]): boolean {
  const last = tokens.at(-1)?.tokenType;
  if (last === Comma) return tokens.at(-2)?.tokenType === Probe;
  return last === Collect || last === SpanWord || last === Calls || last === Arrow || last === Cancel;
}

export const Comment = createToken({ name: "Comment", pattern: /#[^\n\r]*/, group: "comments" });
const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /[\s\uFEFF]+/, group: Lexer.SKIPPED, line_breaks: true });

/** In the order in which the lexer tries them. */
export const ALL_TOKENS: TokenType[] = [
  WhiteSpace,
  Comment,
  Probe,
  Index,
  Cast,
  NumberLiteral,
  StringLiteral,
  OpenString,
  SingleQuoted,
  Dollar,
  ...[Recipe, Param, Let, Collect, When, Every, Expect, Show, Save, Ask, Investigate, Alert, Include],
  ...[Else, For, By, As, And, Or, Not, In, Like, True, False, Null],
  ...[On, With, To, Tolerate, Cancel, Self, SpanWord, Calls, Asc, Desc],
  Name,
  ...[LessGreater, TripleEqual, NotTripleEqual],
  ...[Arrow, ShiftLeft, ShiftRight, EqualEqual, NotEqual, LessEqual, GreaterEqual, AmpAmp, PipePipe, Bang],
  ...[Less, Greater, Equal, Plus, Minus, Star, Slash, Percent, Ampersand, Caret, Tilde, Pipe],
  ...[Comma, Colon, Dot, Semicolon, OpenParen, CloseParen, OpenBrace, CloseBrace],
  StatementWord,
  BinaryOperator,
  Member,
];

/** The lexer. Built once, on first use of this module. */
export const RECIPE_LEXER: Lexer = new Lexer(ALL_TOKENS, {
  positionTracking: "full",
  ensureOptimizations: false,
  skipValidations: true,
});

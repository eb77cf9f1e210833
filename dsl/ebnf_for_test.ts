import {
  Alternation,
  Alternative,
  type IProduction,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  Terminal,
  type TokenType,
} from "chevrotain";
import { RECIPE_PARSER } from "./grammar.ts";

const WIDTH = 100;

/**
 * The grammar that the parser has, as EBNF: `[ x ]` at most once, `{ x }` any number of times. Words in capitals are
 * tokens.
 */
export function grammarEbnf(): string {
  const rules = Object.values(RECIPE_PARSER.getGAstProductions());
  return rules.map((rule) => wrapped(`${rule.name} = ${inside(rule.definition)} ;`)).join("\n") + "\n";
}

/** What stands alone between brackets needs no parentheses. */
function inside(parts: readonly IProduction[]): string {
  const [only] = parts;
  return parts.length === 1 && only instanceof Alternation ? alternatives(only) : sequence(parts);
}

function alternatives({ definition }: Alternation): string {
  return definition.map((a) => sequence((a as Alternative).definition)).join(" | ");
}

function sequence(parts: readonly IProduction[]): string {
  return parts.map(text).join(" ");
}

function text(p: IProduction): string {
  if (p instanceof Terminal) return token(p.terminalType);
  if (p instanceof NonTerminal) return p.nonTerminalName;
  if (p instanceof Option) return `[ ${inside(p.definition)} ]`;
  if (p instanceof Repetition) return `{ ${inside(p.definition)} }`;
  if (p instanceof RepetitionMandatory) return `${sequence(p.definition)} { ${sequence(p.definition)} }`;
  if (p instanceof RepetitionMandatoryWithSeparator) {
    const item = sequence(p.definition);
    return `${item} { ${token(p.separator)} ${item} }`;
  }
  if (p instanceof RepetitionWithSeparator) {
    const item = sequence(p.definition);
    return `[ ${item} { ${token(p.separator)} ${item} } ]`;
  }
  if (p instanceof Alternation) return `( ${alternatives(p)} )`;
  if (p instanceof Alternative) return sequence(p.definition);
  throw new TypeError(`the grammar has a ${p.constructor.name}`);
}

/** Words and signs as they are written, other tokens by their kind. */
function token(type: TokenType): string {
  const label = type.LABEL ?? type.name;
  return label.startsWith('"') ? label : label.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

/** Long rules go on below, indented. */
function wrapped(rule: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of rule.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `    ${word}`;
    } else line += (line === "" ? "" : " ") + word;
  }
  return [...lines, line].join("\n");
}

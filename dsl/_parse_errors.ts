import type { IParserErrorMessageProvider } from "chevrotain";

/**
 * Errors of one text after which the parser stops. It looks for a place to go on behind each, up to the end of the
 * text: without an end to errors the work would grow with the square of the text.
 */
const MAX_ERRORS = 50;

/** Thrown out of the parser when a text has too many errors. What it found until then is in `errors`. */
export class TooManyErrors extends Error {
  override readonly name = "TooManyErrors";
}

/** Says in the parser's own words what was expected: only the token's label, for `_syntax_messages.ts`. */
export interface ParseErrors extends IParserErrorMessageProvider {
  /** A new text begins. */
  reset(): void;
}

/** @returns a provider that counts the errors that it is asked about */
export function parseErrors(): ParseErrors {
  let count = 0;
  const counted = (message: string): string => {
    if (++count > MAX_ERRORS) throw new TooManyErrors();
    return message;
  };
  return {
    reset: () => void (count = 0),
    buildMismatchTokenMessage: ({ expected }) => counted(expected.LABEL ?? expected.name),
    // The end of the work on a part of the text: nothing is to be thrown any more.
    buildNotAllInputParsedMessage: () => "",
    buildNoViableAltMessage: () => counted(""),
    buildEarlyExitMessage: () => counted(""),
  };
}

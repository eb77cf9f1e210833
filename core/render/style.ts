/** Wraps text in one ANSI attribute, or leaves it when colour is off. */
export type Paint = (text: string) => string;

/** The few looks that terminal output has. The sixteen colours only: the user's theme decides what they look like. */
export interface Style {
  /** What matters. */
  readonly bold: Paint;
  /** What can be overlooked. */
  readonly dim: Paint;
  /** Names of sections and columns. */
  readonly heading: Paint;
  /** Healthy. */
  readonly good: Paint;
  /** Worth a look: lost, estimated, truncated. */
  readonly warn: Paint;
  /** Wrong. */
  readonly bad: Paint;
  /** Names of things on the machine: processes, functions. */
  readonly name: Paint;
  /** Lengths of bars. */
  readonly bar: Paint;
}

const plain: Paint = (text) => text;

function sgr(on: string, off: string): Paint {
  return (text) => text === "" ? text : `\x1b[${on}m${text}\x1b[${off}m`;
}

const COLORED: Style = {
  bold: sgr("1", "22"),
  dim: sgr("2", "22"),
  heading: sgr("1", "22"),
  good: sgr("32", "39"),
  warn: sgr("33", "39"),
  bad: sgr("1;31", "22;39"),
  name: sgr("36", "39"),
  bar: sgr("34", "39"),
};

const UNCOLORED: Style = {
  bold: plain,
  dim: plain,
  heading: plain,
  good: plain,
  warn: plain,
  bad: plain,
  name: plain,
  bar: plain,
};

/** The looks for these options. */
export function styleFor(options: { readonly color: boolean }): Style {
  return options.color ? COLORED : UNCOLORED;
}

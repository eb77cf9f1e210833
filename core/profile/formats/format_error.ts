/** A file that is of the format but broken. Its message names the place. */
export class FormatError extends SyntaxError {
  override readonly name: string = "FormatError";
  /** The line, counted from 1; 0 where the format has no lines. */
  readonly line: number;

  /** @param place a line, counted from 1, or words for where it is: `profiles[0].weights`, `byte 1024` */
  constructor(message: string, place: number | string) {
    super(typeof place === "number" ? `Line ${place}: ${message}` : place === "" ? message : `${place}: ${message}`);
    this.line = typeof place === "number" ? place : 0;
  }
}

/** A file that is of the format but broken. Its message names the line. */
export class FormatError extends SyntaxError {
  override readonly name: string = "FormatError";
  /** @param line counted from 1 */
  constructor(message: string, readonly line: number) {
    super(`Line ${line}: ${message}`);
  }
}

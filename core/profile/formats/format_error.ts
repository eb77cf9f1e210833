/** A file that is of the format but broken. Its message names the line, or in a binary file the byte. */
export class FormatError extends SyntaxError {
  override readonly name: string = "FormatError";
  /**
   * @param line counted from 1; the offset, counted from 0, where `unit` is `Byte`
   */
  constructor(message: string, readonly line: number, readonly unit: "Line" | "Byte" = "Line") {
    super(`${unit} ${line}: ${message}`);
  }
}

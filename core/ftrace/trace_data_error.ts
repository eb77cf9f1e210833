/** Bytes of the kernel's trace buffer, or a text that describes them, that are not what they should be. */
export class TraceDataError extends RangeError {
  override readonly name: string = "TraceDataError";
  /**
   * @param message what is wrong
   * @param offset where in the page, in bytes; -1 when it is a text that is wrong
   */
  constructor(message: string, readonly offset: number = -1) {
    super(offset < 0 ? message : `${message} (at byte ${offset} of a page of the trace buffer)`);
  }
}

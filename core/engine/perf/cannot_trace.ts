/** A spec that perf events cannot serve: no fault of anybody's, another engine may. */
export class CannotTrace extends Error {
  override readonly name: string = "CannotTrace";
  /**
   * @param message why not, as a phrase that goes on from "perf events cannot run it:"
   * @param remedy a sentence; may be empty
   */
  constructor(message: string, readonly remedy: string = "") {
    super(message);
  }
}

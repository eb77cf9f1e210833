/** A spec that the kernel cannot run. The message is the reason, complete for a person; the caller may stream instead. */
export class CannotGenerate extends Error {
  override readonly name = "CannotGenerate";
  /** @param remedy what to do about it, as a sentence; may be empty */
  constructor(reason: string, readonly remedy = "") {
    super(reason);
  }
}

/** Bytes that are no type information, or damaged. */
export class BtfError extends TypeError {
  override readonly name = "BtfError";
  /** What the user can do about it. */
  readonly remedy = "Name another file with --btf, or leave it out: the kernel has its own.";

  constructor(problem: string) {
    super(`Not BTF: ${problem}`);
  }
}

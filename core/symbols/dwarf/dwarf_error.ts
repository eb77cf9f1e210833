import { ElfError } from "../elf.ts";

/** Debugging information that breaks the rules of its format. */
export class DwarfError extends ElfError {
  override readonly name: string = "DwarfError";
}

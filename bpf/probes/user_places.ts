import { CannotGenerate } from "../codegen/cannot_generate.ts";
import type { CodeFile } from "./code_file.ts";

/**
 * Bytes from the start of a file to a function.
 *
 * @throws {CannotGenerate} when it has none of the name
 */
export function userPlaces(file: CodeFile, symbol: string): readonly number[] {
  const offsets = offsetsOf(file, symbol);
  if (offsets.length === 0) throw unknown(file, symbol);
  return offsets;
}

/** `name`, `name+0x10` or `0x1234`, an address as symbols have it. */
function offsetsOf(file: CodeFile, symbol: string): readonly number[] {
  const m = /^(.*?)(?:\+(0x[0-9a-fA-F]+|\d+))?$/.exec(symbol)!;
  if (isAddress(symbol)) {
    const offset = file.offsetAt(Number(symbol));
    return offset === null ? [] : [offset];
  }
  const behind = m[2] ? Number(m[2]) : 0;
  const offsets = file.offsetsOf(m[1]).map((o) => o + behind);
  return offsets.length > 0 ? offsets : file.offsetsOf(symbol);
}

function isAddress(symbol: string): boolean {
  return /^0x[0-9a-fA-F]+$/.test(symbol);
}

function unknown(file: CodeFile, symbol: string): CannotGenerate {
  if (isAddress(symbol)) {
    return new CannotGenerate(
      `nothing of "${file.path}" lies at ${symbol}`,
      "An address is written as the file's own symbols have it (nm, objdump), not as in a running process.",
    );
  }
  const none = file.names().length === 0;
  return new CannotGenerate(
    `"${file.path}" has no function "${symbol}"${none ? ": it is stripped of all names" : ""}`,
    none
      ? "Install its debug symbols, or write an address: uprobe:PATH:0x1234."
      : `\`sonde list probes 'uprobe:${file.path}:*'\` lists them.`,
  );
}

import { UnsupportedError } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { SysError } from "../../core/sys/mod.ts";
import { type BpfObject, openObject } from "../libbpf.ts";
import { LibbpfError } from "../libbpf_error.ts";
import { refusalOf } from "../refusal.ts";

/** What every program's wrapper takes. */
export interface ProgramOptions {
  /** The machine it runs on. */
  readonly host: Host;
  /** Path of a BTF file, for a kernel without type information of its own. */
  readonly btf?: string;
  /** Path of libbpf instead of the installed one. */
  readonly library?: string;
}

/** Programs of an object that are loaded together. */
export interface Variant {
  readonly name: string;
  readonly programs: readonly string[];
}

/** An object in the kernel, and which of its variants the kernel took. */
export interface LoadedObject {
  readonly object: BpfObject;
  readonly variant: string;
}

/**
 * Loads an object with the first variant that this kernel takes. It is tried, since neither a kernel's version nor its
 * configuration tells what it refuses.
 *
 * @param prepare sets constants and sizes of maps
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when all are refused for another reason
 */
export function loadObject(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  { host, btf, library }: ProgramOptions,
  variants: readonly Variant[],
  prepare: (object: BpfObject, variant: string) => void,
): LoadedObject {
  let refusal: unknown;
  for (const variant of variants) {
    const object = openObject(bytes, { name, btf, library });
    try {
      for (const program of object.programs) program.autoload = variant.programs.includes(program.name);
      prepare(object, variant.name);
      object.load();
      return { object, variant: variant.name };
    } catch (error) {
      object[Symbol.dispose]();
      if (!(error instanceof LibbpfError)) throw error;
      refusal ??= error;
    }
  }
  throw inWords(refusal, `loading "${name}"`, host, btf !== undefined);
}

/** A refusal that the machine is the reason of as an UnsupportedError, any other as it is. */
export function inWords(error: unknown, what: string, host: Host, hasBtf: boolean): unknown {
  if (!(error instanceof LibbpfError) || error.refusedByVerifier) return error;
  if (!hasBtf && !host.features().btf) {
    return new UnsupportedError(
      `The kernel refuses ${what}: it has no type information (BTF) of itself`,
      "Use a kernel with CONFIG_DEBUG_INFO_BTF=y, or give a BTF file that was made for this one (--btf FILE).",
      { cause: error },
    );
  }
  if (error.code !== "EPERM" && error.code !== "EACCES") return error;
  const { reason, remedy } = refusalOf(new SysError("bpf", error.errno), what, host);
  return new UnsupportedError(reason, remedy, { cause: error });
}

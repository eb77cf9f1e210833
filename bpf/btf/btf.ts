import { btfReader } from "./_btf_reader.ts";
import { BtfError } from "./btf_error.ts";

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 for a member that is no bit field. */
  readonly bitSize: number;
}

/** A parameter of a function prototype. */
export interface BtfParam {
  readonly name: string;
  readonly type: number;
}

/** A variable in a section of an object's data. */
export interface BtfVariable {
  readonly name: string;
  readonly type: number;
  /** Bytes from the section's beginning. */
  readonly offset: number;
  readonly size: number;
}

/** How an INT is encoded. */
export interface BtfInt {
  readonly bits: number;
  readonly signed: boolean;
  readonly bool: boolean;
}

/**
 * The kernel's type information, read where it lies: nothing is copied, and no index of names is built. Type ids
 * count from 1; 0 is `void`, and the answer "not there".
 */
export interface Btf {
  /** Ids run from 1 to this one. */
  readonly lastId: number;
  /** Bytes of all texts. */
  readonly stringBytes: number;
  /** What a module's types go on behind: names are not looked up there. Absent for the kernel's own. */
  readonly base?: Btf;
  /** The text at an offset. */
  text(offset: number): string;
  /** One of `KIND`. */
  kind(id: number): number;
  name(id: number): string;
  /** The first type with this name and kind, or 0. */
  find(name: string, kind: number): number;
  /** What a pointer, typedef, qualifier, function or variable refers to. */
  target(id: number): number;
  /** The type behind typedefs and qualifiers. */
  resolve(id: number): number;
  /** Bytes of an int, enum, struct, union, pointer or array; 0 for what has no size. */
  size(id: number): number;
  int(id: number): BtfInt;
  /** Whether an enumeration has negative values. Known since Linux 6.1; false before. */
  enumSigned(id: number): boolean;
  array(id: number): { readonly type: number; readonly count: number };
  members(id: number): BtfMember[];
  params(id: number): BtfParam[];
  /** Variables of a DATASEC. */
  variables(id: number): BtfVariable[];
  /** Ids of all types of a kind whose name begins with `prefix`. Looks at every type. */
  withPrefix(prefix: string, kind: number): Iterable<number>;
}

const MAGIC = 0xeb9f;

/**
 * Reads BTF (Documentation/bpf/btf.rst). All types are walked once, when first needed, to know where each begins (2–5
 * ms for a kernel's 126,000); finding a name afterwards compares bytes (0.1–1 ms).
 *
 * @param base the types that these go on behind: ids and texts of a module's BTF count on from the kernel's
 * @throws {BtfError} when the bytes are no BTF of this machine's byte order
 */
export function parseBtf(bytes: Uint8Array<ArrayBuffer>, base?: Btf): Btf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 24 || view.getUint16(0, true) !== MAGIC) throw new BtfError("wrong magic number");
  const header = view.getUint32(4, true);
  const typesAt = header + view.getUint32(8, true);
  const typesLength = view.getUint32(12, true);
  const stringsAt = header + view.getUint32(16, true);
  const stringsLength = view.getUint32(20, true);
  const inside = typesAt + typesLength <= bytes.byteLength && stringsAt + stringsLength <= bytes.byteLength;
  if (!inside) throw new BtfError("a section lies outside the file: it may be cut");
  if ((bytes.byteOffset + typesAt) % 4 !== 0) throw new BtfError("types are not aligned to 4 bytes");
  return btfReader(
    new Uint32Array(bytes.buffer, bytes.byteOffset + typesAt, typesLength >> 2),
    new Uint8Array(bytes.buffer, bytes.byteOffset + stringsAt, stringsLength),
    base,
  );
}

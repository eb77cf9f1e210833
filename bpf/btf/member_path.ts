import type { Btf, BtfMember } from "./btf.ts";
import { BtfError } from "./btf_error.ts";
import { KIND } from "./kinds.ts";

/** What stands at the end of a path. */
export type Leaf =
  | {
    readonly kind: "int";
    readonly width: 1 | 2 | 4 | 8;
    readonly signed: boolean;
    readonly bool: boolean;
    /** For bit fields: the value is `(word >> shift) & (2^size - 1)`. */
    readonly bits?: { readonly shift: number; readonly size: number };
  }
  /** `char name[size]`: text that ends in NUL, or fills the array. */
  | { readonly kind: "chars"; readonly size: number }
  /** `struct in_addr` (4 bytes) or `struct in6_addr` (16), in network order. */
  | { readonly kind: "ip"; readonly size: 4 | 16 }
  | { readonly kind: "pointer" };

/** A way from a pointer to a value: all offsets but the last lead to a pointer that is followed. */
export interface MemberPath {
  /** Bytes. `[16, 8]`: `*(value *)(*(void **)(base + 16) + 8)`. */
  readonly offsets: readonly number[];
  readonly leaf: Leaf;
  /** The type as C writes it: `pid_t`, `char[16]`, `struct mm_struct *`. */
  readonly typeText: string;
}

/** Why a path leads nowhere. */
export interface PathProblem {
  readonly error: string;
  /** The names there are at the place where it failed. */
  readonly names: readonly string[];
}

/**
 * Follows member names from a type. Pointers are followed, anonymous members looked through, array elements chosen by
 * a number; `(tcp_sock)` takes what stands there, or what it points to, as that struct.
 *
 * @param from a pointer to a struct (the base is its value), or a struct (the base is its address)
 * @param names `["real_parent", "tgid"]`, at least one
 */
export function memberPath(btf: Btf, from: number, names: readonly string[]): MemberPath | PathProblem {
  const offsets: number[] = [];
  let type = from;
  let offset = 0;
  let bitField: BtfMember | undefined;
  /** Of numbers only: whether an address stands there, which a cast follows; at first it is followed already. */
  let followed = btf.kind(btf.resolve(type)) === KIND.PTR;
  if (followed) type = btf.target(btf.resolve(type));
  for (const [i, name] of names.entries()) {
    let real = btf.resolve(type);
    if (btf.kind(real) === KIND.PTR) {
      offsets.push(offset);
      offset = 0;
      real = btf.resolve(btf.target(real));
    }
    bitField = undefined;
    const cast = CAST.exec(name);
    if (cast) {
      const to = structNamed(btf, cast[1]);
      if (to === 0) return { error: `the kernel has no struct "${cast[1]}"`, names: [] };
      if (btf.kind(real) === KIND.INT && !followed) {
        if (btf.size(real) !== 8) return { error: `${typeText(btf, type)} is too small for an address`, names: [] };
        if (i > 0) {
          offsets.push(offset);
          offset = 0;
        }
      }
      type = to;
      followed = false;
      continue;
    }
    followed = false;
    switch (btf.kind(real)) {
      case KIND.STRUCT:
      case KIND.UNION: {
        const member = findMember(btf, real, name);
        if (!member) return { error: `${typeText(btf, real)} has no member "${name}"`, names: memberNames(btf, real) };
        type = member.type;
        if (member.bitSize > 0) {
          bitField = member;
          const unit = btf.size(type);
          const word = Math.floor(member.bitOffset / (unit * 8)) * unit;
          bitField = { ...member, bitOffset: member.bitOffset - word * 8 };
          offset += word;
        } else offset += member.bitOffset / 8;
        break;
      }
      case KIND.ARRAY: {
        const { type: element, count } = btf.array(real);
        const i = /^\d+$/.test(name) ? Number(name) : -1;
        // An array of one at the end of a struct is how older kernels wrote one of any length.
        if (i < 0 || (i >= count && count > 1)) return { error: `"${name}" is no index below ${count}`, names: [] };
        type = element;
        offset += i * btf.size(element);
        break;
      }
      default: {
        const hint = btf.kind(real) === 0 || btf.kind(real) === KIND.INT ? "; name its struct: (NAME)" : "";
        return { error: `${typeText(btf, type)} has no members, so no "${name}"${hint}`, names: [] };
      }
    }
  }
  offsets.push(offset);
  const leaf = leafOf(btf, type, bitField);
  if (!leaf) return { error: `${typeText(btf, type)} is no single value`, names: memberNames(btf, btf.resolve(type)) };
  return { offsets, leaf, typeText: typeText(btf, type) };
}

/** `(tcp_sock)` among the names of a path. */
const CAST = /^\((\w+)\)$/;

/** A struct or union by its name, a module's before the kernel's; 0 for none. */
function structNamed(btf: Btf, name: string): number {
  return btf.find(name, KIND.STRUCT) || btf.find(name, KIND.UNION) || (btf.base ? structNamed(btf.base, name) : 0);
}

/** What a value of this type is, or null when it is no single value. */
export function leafOf(btf: Btf, type: number, bitField?: BtfMember): Leaf | null {
  const real = btf.resolve(type);
  switch (btf.kind(real)) {
    case KIND.INT:
    case KIND.ENUM:
    case KIND.ENUM64: {
      const width = btf.size(real);
      if (width !== 1 && width !== 2 && width !== 4 && width !== 8) return null;
      const isInt = btf.kind(real) === KIND.INT;
      const signed = isInt ? btf.int(real).signed : btf.enumSigned(real);
      const bool = isInt && btf.int(real).bool;
      if (!bitField) return { kind: "int", width, signed, bool };
      const fits = bitField.bitOffset + bitField.bitSize <= width * 8;
      return {
        kind: "int",
        width: fits ? width : 8,
        signed,
        bool,
        bits: { shift: bitField.bitOffset, size: bitField.bitSize },
      };
    }
    case KIND.PTR:
      return { kind: "pointer" };
    case KIND.STRUCT: {
      const size = ADDRESSES[btf.name(real)];
      return size === undefined ? null : { kind: "ip", size };
    }
    case KIND.ARRAY: {
      const { type: element, count } = btf.array(real);
      const unit = btf.resolve(element);
      const isChar = btf.kind(unit) === KIND.INT && btf.size(unit) === 1 && btf.name(unit).includes("char");
      return isChar && count > 0 ? { kind: "chars", size: count } : null;
    }
    default:
      return null;
  }
}

/** Types within types: more are a sign of damage. */
const MAX_DEPTH = 64;
const IN_A_CIRCLE = "types that contain one another in a circle";
/** Structs that are an address of the network. */
const ADDRESSES: Readonly<Record<string, 4 | 16>> = { in_addr: 4, in6_addr: 16 };

/** A type as C writes it. */
export function typeText(btf: Btf, type: number): string {
  return textOf(btf, type, 0);
}

function textOf(btf: Btf, type: number, depth: number): string {
  if (depth > MAX_DEPTH) throw new BtfError(IN_A_CIRCLE);
  switch (btf.kind(type)) {
    case 0:
      return "void";
    case KIND.PTR: {
      const target = textOf(btf, btf.target(type), depth + 1);
      return target.endsWith("*") ? `${target}*` : `${target} *`;
    }
    case KIND.STRUCT:
      return `struct ${btf.name(type)}`;
    case KIND.UNION:
      return `union ${btf.name(type)}`;
    case KIND.ENUM:
    case KIND.ENUM64:
      return `enum ${btf.name(type)}`;
    case KIND.CONST:
      return `const ${textOf(btf, btf.target(type), depth + 1)}`;
    case KIND.VOLATILE:
    case KIND.RESTRICT:
    case KIND.TYPE_TAG:
      return textOf(btf, btf.target(type), depth + 1);
    case KIND.ARRAY: {
      const { type: element, count } = btf.array(type);
      return `${textOf(btf, element, depth + 1)}[${count}]`;
    }
    case KIND.FUNC_PROTO:
      return "function";
    default:
      return btf.name(type);
  }
}

function findMember(btf: Btf, id: number, name: string, depth = 0): BtfMember | null {
  if (depth > MAX_DEPTH) throw new BtfError(IN_A_CIRCLE);
  for (const m of btf.members(id)) {
    if (m.name === name) return m;
    if (m.name !== "" || !isAggregate(btf, m.type)) continue;
    const inner = findMember(btf, btf.resolve(m.type), name, depth + 1);
    if (inner) return { ...inner, bitOffset: inner.bitOffset + m.bitOffset };
  }
  return null;
}

function memberNames(btf: Btf, id: number, depth = 0): string[] {
  if (depth > MAX_DEPTH) throw new BtfError(IN_A_CIRCLE);
  if (!isAggregate(btf, id)) return [];
  return btf.members(id).flatMap((m) =>
    m.name !== "" ? [m.name] : isAggregate(btf, m.type) ? memberNames(btf, btf.resolve(m.type), depth + 1) : []
  );
}

function isAggregate(btf: Btf, type: number): boolean {
  const kind = btf.kind(btf.resolve(type));
  return kind === KIND.STRUCT || kind === KIND.UNION;
}

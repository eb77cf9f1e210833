import type { Btf, BtfInt, BtfMember, BtfParam, BtfVariable } from "./btf.ts";
import { BtfError } from "./btf_error.ts";
import { KIND } from "./kinds.ts";

// Words of a type's record: three of header, a fixed tail for some kinds, and some per element (btf.rst).
const FIXED = new Uint8Array(32).fill(3);
FIXED[KIND.INT] = FIXED[KIND.VAR] = FIXED[KIND.DECL_TAG] = 4;
FIXED[KIND.ARRAY] = 6;
const PER_ELEMENT = new Uint8Array(32);
PER_ELEMENT[KIND.STRUCT] =
  PER_ELEMENT[KIND.UNION] =
  PER_ELEMENT[KIND.DATASEC] =
  PER_ELEMENT[KIND.ENUM64] =
    3;
PER_ELEMENT[KIND.ENUM] = PER_ELEMENT[KIND.FUNC_PROTO] = 2;

const POINTER_BYTES = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param words the type section @param strings the string section @param base what both go on behind */
export function btfReader(words: Uint32Array, strings: Uint8Array, base?: Btf): Btf {
  const own = reader(words, strings, base);
  return base ? joined(base, own) : own;
}

/** Types of the base by its ids, others by their own. Names are looked up among the others only. */
function joined(base: Btf, own: Btf): Btf {
  const of = (id: number): Btf => id <= base.lastId ? base : own;
  return {
    base,
    get lastId(): number {
      return own.lastId;
    },
    get stringBytes(): number {
      return own.stringBytes;
    },
    text: (offset) => own.text(offset),
    kind: (id) => of(id).kind(id),
    name: (id) => of(id).name(id),
    find: (name, kind) => own.find(name, kind),
    target: (id) => of(id).target(id),
    resolve(id) {
      let at = id;
      for (let real = of(at).resolve(at);; real = of(at).resolve(at)) {
        if (real === at) return real;
        at = real;
      }
    },
    size(id) {
      const { of: element, count } = elements(this, id);
      return of(element).size(element) * count;
    },
    int: (id) => of(id).int(id),
    enumSigned: (id) => of(id).enumSigned(id),
    array: (id) => of(id).array(id),
    members: (id) => of(id).members(id),
    variables: (id) => of(id).variables(id),
    params: (id) => of(id).params(id),
    withPrefix: (prefix, kind) => own.withPrefix(prefix, kind),
  };
}

/** What arrays of arrays hold in the end, and how many. */
function elements(btf: Pick<Btf, "resolve" | "kind" | "array">, id: number): { of: number; count: number } {
  let count = 1;
  let real = btf.resolve(id);
  for (let depth = 0; btf.kind(real) === KIND.ARRAY; depth++) {
    if (depth > 64) throw new BtfError("arrays that contain one another in a circle");
    const array = btf.array(real);
    count *= array.count;
    real = btf.resolve(array.type);
  }
  return { of: real, count };
}

function reader(words: Uint32Array, strings: Uint8Array, base: Btf | undefined): Btf {
  const firstId = base ? base.lastId + 1 : 1;
  const firstText = base?.stringBytes ?? 0;
  let index: Uint32Array | undefined;
  let last = 0;

  /** Word at which each type begins, by id. */
  const places = (): Uint32Array => {
    if (index) return index;
    // A record has three words at least.
    const found = new Uint32Array(words.length / 3 + 2);
    let at = 0;
    let id = 0;
    while (at < words.length) {
      const info = words[at + 1];
      const kind = info >>> 24 & 31;
      if (kind === 0 || kind > KIND.ENUM64) throw new BtfError(`type ${firstId + id} is of the unknown kind ${kind}`);
      found[++id] = at;
      at += FIXED[kind] + PER_ELEMENT[kind] * (info & 0xffff);
    }
    if (at > words.length) throw new BtfError(`type ${firstId - 1 + id} goes on behind the end`);
    last = id;
    return index = found;
  };
  const at = (id: number): number => {
    const all = places();
    const number = id - firstId + 1;
    if (number < 1 || number > last) throw new BtfError(`there is no type ${id}`);
    return all[number];
  };
  const text = (whole: number): string => {
    if (whole < firstText) return base!.text(whole);
    const offset = whole - firstText;
    const end = strings.indexOf(0, offset);
    return decoder.decode(strings.subarray(offset, end < 0 ? strings.length : end));
  };
  const kind = (id: number): number => id === 0 ? 0 : words[at(id) + 1] >>> 24 & 31;
  const length = (id: number): number => words[at(id) + 1] & 0xffff;
  const target = (id: number): number => words[at(id) + 2];
  const resolve = (id: number): number => {
    for (let steps = 0; steps < 64; steps++) {
      // What lies in the base is the caller's to follow.
      if (id !== 0 && id < firstId) return id;
      switch (kind(id)) {
        case KIND.TYPEDEF:
        case KIND.CONST:
        case KIND.VOLATILE:
        case KIND.RESTRICT:
        case KIND.TYPE_TAG:
          id = target(id);
          break;
        default:
          return id;
      }
    }
    throw new BtfError("typedefs that lead to one another in a circle");
  };
  const array = (id: number): { type: number; count: number } => {
    const word = at(id);
    return { type: words[word + 3], count: words[word + 5] };
  };

  return {
    get lastId(): number {
      places();
      return firstId - 1 + last;
    },
    stringBytes: firstText + strings.length,
    text,
    kind,
    name: (id) => id === 0 ? "void" : text(words[at(id)]),
    target,
    resolve,
    array,
    find(name, wanted) {
      const all = places();
      const bytes = encoder.encode(name);
      const n = bytes.length;
      const first = bytes[0];
      for (let id = 1; id <= last; id++) {
        const word = all[id];
        if ((words[word + 1] >>> 24 & 31) !== wanted) continue;
        const offset = words[word] - firstText;
        // A name that the base has as well lies there, and is compared as text.
        if (offset < 0) {
          if (text(words[word]) === name) return firstId - 1 + id;
          continue;
        }
        if (strings[offset] !== first || strings[offset + n] !== 0) continue;
        let i = 1;
        while (i < n && strings[offset + i] === bytes[i]) i++;
        if (i === n) return firstId - 1 + id;
      }
      return 0;
    },
    size(id) {
      const real = resolve(id);
      switch (kind(real)) {
        case KIND.PTR:
          return POINTER_BYTES;
        case KIND.ARRAY: {
          const { of, count } = elements(this, real);
          return this.size(of) * count;
        }
        case KIND.INT:
        case KIND.FLOAT:
        case KIND.ENUM:
        case KIND.ENUM64:
        case KIND.STRUCT:
        case KIND.UNION:
          return words[at(real) + 2];
        default:
          return 0;
      }
    },
    int(id): BtfInt {
      const encoding = words[at(id) + 3];
      return { bits: encoding & 0xff, signed: (encoding >>> 24 & 1) !== 0, bool: (encoding >>> 24 & 4) !== 0 };
    },
    enumSigned: (id) => words[at(id) + 1] >>> 31 !== 0,
    members(id) {
      const word = at(id);
      const hasBitFields = words[word + 1] >>> 31 !== 0;
      const out: BtfMember[] = [];
      for (let i = 0, w = word + 3; i < length(id); i++, w += 3) {
        const offset = words[w + 2];
        out.push({
          name: text(words[w]),
          type: words[w + 1],
          bitOffset: hasBitFields ? offset & 0xffffff : offset,
          bitSize: hasBitFields ? offset >>> 24 : 0,
        });
      }
      return out;
    },
    params(id) {
      const out: BtfParam[] = [];
      for (let i = 0, w = at(id) + 3; i < length(id); i++, w += 2) {
        out.push({ name: text(words[w]), type: words[w + 1] });
      }
      return out;
    },
    variables(id) {
      const out: BtfVariable[] = [];
      for (let i = 0, w = at(id) + 3; i < length(id); i++, w += 3) {
        const variable = words[w];
        out.push({
          name: text(words[at(variable)]),
          type: target(variable),
          offset: words[w + 1],
          size: words[w + 2],
        });
      }
      return out;
    },
    *withPrefix(prefix, wanted) {
      const all = places();
      const bytes = encoder.encode(prefix);
      for (let id = 1; id <= last; id++) {
        const word = all[id];
        if ((words[word + 1] >>> 24 & 31) !== wanted) continue;
        if (words[word] < firstText) {
          if (text(words[word]).startsWith(prefix)) yield firstId - 1 + id;
          continue;
        }
        let i = 0;
        while (i < bytes.length && strings[words[word] - firstText + i] === bytes[i]) i++;
        if (i === bytes.length) yield firstId - 1 + id;
      }
    },
  };
}

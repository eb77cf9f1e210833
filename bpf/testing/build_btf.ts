/** Makes BTF for tests, written from its documentation (Documentation/bpf/btf.rst), not from our reader. */
import { KIND } from "../btf/mod.ts";

/** A member: name, type id, offset in bits; a size in bits makes it a bit field. */
export type Member = readonly [name: string, type: number, bitOffset: number, bitSize?: number];

/** Collects types and texts. Each of the functions answers the id of the type that it adds. */
export interface BtfBuilder {
  int(name: string, bytes: number, encoding?: { signed?: boolean; bool?: boolean }): number;
  /** PTR, TYPEDEF, CONST, VOLATILE, RESTRICT, FUNC. */
  reference(kind: number, to: number, name?: string): number;
  array(type: number, index: number, count: number): number;
  struct(name: string, bytes: number, members: readonly Member[], kind?: number): number;
  enumeration(name: string, bytes: number, values: Readonly<Record<string, number>>): number;
  prototype(result: number, params: readonly (readonly [name: string, type: number])[]): number;
  /** Id of the last type. */
  readonly lastId: number;
  /** Bytes of all texts, those of the base included. */
  readonly textBytes: number;
  build(): Uint8Array<ArrayBuffer>;
}

/** @param base what ids and texts count on from */
export function btfBuilder(
  base?: Pick<BtfBuilder, "lastId" | "textBytes"> & { textAt?(name: string): number | null },
): BtfBuilder & {
  textAt(name: string): number | null;
} {
  const words: number[] = [];
  // The texts of the kernel's own begin with an empty one; those of a module go on from there.
  const texts: number[] = base ? [] : [0];
  const firstText = base?.textBytes ?? 0;
  const known = new Map<string, number>();
  let last = base?.lastId ?? 0;
  const text = (name: string): number => {
    if (name === "") return 0;
    const shared = base?.textAt?.(name);
    if (shared) return shared;
    let at = known.get(name);
    if (at === undefined) {
      known.set(name, at = firstText + texts.length);
      texts.push(...new TextEncoder().encode(name), 0);
    }
    return at;
  };
  const add = (
    name: string,
    kind: number,
    count: number,
    flag: boolean,
    sizeOrType: number,
    rest: number[],
  ): number => {
    words.push(text(name), (flag ? 2 ** 31 : 0) + kind * 2 ** 24 + count, sizeOrType, ...rest);
    return ++last;
  };
  return {
    int: (name, bytes, { signed = false, bool = false } = {}) =>
      add(name, KIND.INT, 0, false, bytes, [(signed ? 1 << 24 : 0) | (bool ? 4 << 24 : 0) | bytes * 8]),
    reference: (kind, to, name = "") => add(name, kind, 0, false, to, []),
    array: (type, index, count) => add("", KIND.ARRAY, 0, false, 0, [type, index, count]),
    struct(name, bytes, members, kind = KIND.STRUCT) {
      const bits = members.some((m) => m[3] !== undefined);
      const rest = members.flatMap((
        [n, type, offset, size],
      ) => [text(n), type, bits ? (size ?? 0) * 2 ** 24 + offset : offset]);
      return add(name, kind, members.length, bits, bytes, rest);
    },
    enumeration: (name, bytes, values) =>
      add(
        name,
        KIND.ENUM,
        Object.keys(values).length,
        false,
        bytes,
        Object.entries(values).flatMap(([n, v]) => [text(n), v]),
      ),
    prototype: (result, params) =>
      add("", KIND.FUNC_PROTO, params.length, false, result, params.flatMap(([n, type]) => [text(n), type])),
    textAt: (name) => base?.textAt?.(name) ?? known.get(name) ?? null,
    get lastId(): number {
      return last;
    },
    get textBytes(): number {
      return firstText + texts.length;
    },
    build(): Uint8Array<ArrayBuffer> {
      const bytes = new Uint8Array(24 + words.length * 4 + texts.length);
      const view = new DataView(bytes.buffer);
      view.setUint16(0, 0xeb9f, true);
      view.setUint8(2, 1);
      view.setUint32(4, 24, true);
      view.setUint32(12, words.length * 4, true);
      view.setUint32(16, words.length * 4, true);
      view.setUint32(20, texts.length, true);
      words.forEach((word, i) => view.setUint32(24 + i * 4, word, true));
      bytes.set(texts, 24 + words.length * 4);
      return bytes;
    },
  };
}

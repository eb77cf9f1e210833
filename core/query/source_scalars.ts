import { addressIp, canonicalIp, IP_BYTES } from "../data/mod.ts";
import { valueType } from "./build.ts";
import type { Scalar } from "./scalars.ts";
import { typeText } from "./type_classes.ts";
import { bigAt, nullAt, span, type StrVec, type Vec } from "./_vec.ts";
import type { TypeAnswer, TypeProblem } from "./type_rules.ts";
import type { ValueType } from "./expr.ts";

/** What the numbers in the kernel's and programs' memory mean: addresses of the network, and of code. */
export const SOURCE_SCALARS: readonly Scalar[] = [
  {
    name: "ip",
    signature: "ip(x)",
    doc: "An address of the network: of a __be32 as the kernel has it in memory, or of a text; null when that is none",
    minArgs: 1,
    maxArgs: 1,
    type: ([t]) => t.type === "int" || t.type === "ip" || t.type === "string" ? IP : problem("ip(x)", t),
    evaluate: ([x], _t, rows) => x.kind === "string" ? readAddresses(x) : addresses(x, rows),
  },
  swap("ntohs", 16),
  swap("ntohl", 32),
  {
    name: "ksym",
    signature: "ksym(address)",
    doc: "The name of the kernel's function at an address; the address itself where none is known",
    minArgs: 1,
    maxArgs: 1,
    atSource: true,
    type: ([t]) => isAddress(t) ? STRING : problem("ksym(address)", t),
    evaluate: () => unknowable("ksym"),
  },
  {
    name: "usym",
    signature: "usym(address, pid)",
    doc: "The name of a program's function at an address of the process, that of the event without `pid`",
    minArgs: 1,
    maxArgs: 2,
    atSource: true,
    type: ([t, pid]) =>
      !isAddress(t)
        ? problem("usym(address, pid)", t)
        : pid && pid.type !== "pid"
        ? { error: `"usym" takes a process second, here is ${typeText(pid)}`, hint: "Such as: usym(x, start.pid)" }
        : STRING,
    evaluate: () => unknowable("usym"),
  },
];

const IP = valueType("ip"), STRING = valueType("string");

function isAddress(t: ValueType): boolean {
  return t.type === "int" || t.type === "address";
}

function problem(signature: string, t: ValueType): TypeProblem {
  return {
    error: `"${signature.slice(0, signature.indexOf("("))}" does not take ${typeText(t)}`,
    hint: `It is ${signature}`,
  };
}

/** `ntohs` and `ntohl`: a number that lies in network order, read as one of this machine's (little-endian) order. */
function swap(name: string, bits: 16 | 32): Scalar {
  const type = (t: ValueType): TypeAnswer => t.type === "int" ? valueType("int", true) : problem(`${name}(x)`, t);
  return {
    name,
    signature: `${name}(x)`,
    doc: `The ${bits} low bits of a number with their bytes turned around: a __be${bits} of the kernel as a number`,
    minArgs: 1,
    maxArgs: 1,
    type: ([t]) => type(t),
    evaluate([x], _t, rows): Vec {
      const n = span([x], rows);
      const values = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const low = lowWord(x, i);
        values[i] = bits === 16
          ? (low & 0xff) << 8 | low >>> 8 & 0xff
          : ((low & 0xff) << 24 | (low & 0xff00) << 8 | low >>> 8 & 0xff00 | low >>> 24) >>> 0;
      }
      const nulls = x.kind === "number" || x.kind === "big" ? x.nulls : undefined;
      return { kind: "number", values, nulls, mask: x.mask };
    },
  };
}

/** The low 32 bits of a number. */
function lowWord(v: Vec, i: number): number {
  if (v.kind !== "number" && v.kind !== "big") throw new TypeError(`a ${v.kind} column is no number`);
  return Number(BigInt.asUintN(32, bigAt(v, i)));
}

/** Each distinct number becomes text once. */
function addresses(v: Vec, rows: number): StrVec {
  const n = span([v], rows);
  const codes = new Int32Array(n);
  const dict: string[] = [];
  const known = new Map<number, number>();
  // IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2).
  const bytes = new Uint8Array(IP_BYTES).fill(0xff, 10, 12);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < n; i++) {
    if (nullAt(v, i)) {
      codes[i] = -1;
      continue;
    }
    const word = lowWord(v, i);
    let code = known.get(word);
    if (code === undefined) {
      view.setUint32(12, word, true);
      known.set(word, code = dict.push(addressIp(bytes)) - 1);
    }
    codes[i] = code;
  }
  return { kind: "string", codes, dict, mask: v.mask };
}

function readAddresses(v: StrVec): StrVec {
  const texts = v.dict.map(canonicalIp);
  return { ...v, codes: v.codes.map((c) => c < 0 || texts[c] === null ? -1 : c), dict: texts.map((t) => t ?? "") };
}

/** What the code at an address is called, only an engine knows while the code is there. */
function unknowable(name: string): never {
  throw new TypeError(`${name}() is computed where the event is seen`);
}

/**
 * Mutated files through every reader: each gives a profile or a FormatError, soon. 10,000 each; SONDE_FUZZ_SCALE
 * multiplies that.
 */
import assert from "node:assert/strict";
import { FormatError } from "./format_error.ts";
import type { ProfileFormat } from "./format.ts";
import { csvFormat } from "./csv.ts";
import { foldedFormat } from "./folded.ts";
import { jsonFormat } from "./json.ts";
import { perfScriptFormat } from "./perf_script.ts";
import { speedscopeFormat } from "./speedscope.ts";

const CASES = 10_000 * Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);
/** The formats of this folder; others have tests of their own. */
const FORMATS = [perfScriptFormat, foldedFormat, jsonFormat, csvFormat, speedscopeFormat];
const TOKENS = [
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  " ",
  ";",
  ",",
  '"',
  "'",
  "\\",
  "\0",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ":",
  "1e999",
  "-1",
  "4294967296",
  "99999999999999999999",
  "null",
  "true",
  "[]",
  "{}",
  "__proto__",
  "ff",
  "0x",
  " 12.5: ",
  " cycles: ",
  "hot 1/1 ",
  "_[k]",
  "\xff",
  "[unknown]",
].map((t) => t === "\xff" ? Uint8Array.of(255) : new TextEncoder().encode(t));
const VALUES = [
  null,
  true,
  "",
  "x",
  -1,
  1.5,
  1e300,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  { sonde: {} },
  "evented",
  "seconds",
];
const fixtures = new URL("./fixtures/", import.meta.url);

/** A generator of numbers from 0 to 2^32-1 that any seed makes again (xorshift). */
function random(seed: number): (limit: number) => number {
  let x = seed | 1;
  return (limit) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % limit;
  };
}

/** Bytes changed, cut out, doubled, or cut off; and what means something to parsers put in. */
function mutated(bytes: Uint8Array, next: (limit: number) => number): Uint8Array {
  let out = bytes.slice();
  for (let n = 1 + next(4); n > 0; n--) {
    const at = next(out.length + 1);
    const length = Math.min(next(40), out.length - at);
    switch (next(6)) {
      case 0:
        if (at < out.length) out[at] = next(256);
        break;
      case 1:
        out = concat(out.subarray(0, at), out.subarray(at + length));
        break;
      case 2:
        out = concat(out.subarray(0, at + length), out.subarray(at));
        break;
      case 3:
        out = out.slice(0, at);
        break;
      default:
        out = concat(out.subarray(0, at), TOKENS[next(TOKENS.length)], out.subarray(at));
    }
  }
  return out;
}

/** A JSON document with some value replaced, or the same bytes mutated where they are none. */
function mutatedDocument(bytes: Uint8Array, next: (limit: number) => number): Uint8Array {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return mutated(bytes, next);
  }
  let at = document as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[next(keys.length || 1)];
    const inner = at[key];
    if (typeof inner !== "object" || inner === null || Object.keys(inner).length === 0 || next(8) === 0) {
      at[key ?? "x"] = VALUES[next(VALUES.length)];
      return new TextEncoder().encode(JSON.stringify(document));
    }
    at = inner as Record<string, unknown>;
  }
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function read(format: ProfileFormat, bytes: Uint8Array, size: number): void {
  const reader = format.reader!({ timeline: true });
  for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
  const profile = reader.end();
  for (const stack of profile.stacks) {
    assert.equal(stack.values.length, profile.sampleTypes.length);
    assert.ok(stack.frames.every((f) => f < profile.frames.length));
  }
}

const script = Deno.readFileSync(new URL("perf-script--6.1--srcline.out", fixtures));
const scriptReader = perfScriptFormat.reader!({ timeline: true });
scriptReader.push(script);
const recorded = scriptReader.end();

for (const format of FORMATS) {
  Deno.test(`${format.name}: ${CASES} mutated files give a profile or a FormatError`, () => {
    const whole = format.write ? concat(...format.write(recorded)) : script;
    const small = whole.length > 4000 ? concat(whole.subarray(0, 2500), whole.subarray(whole.length - 1200)) : whole;
    read(format, whole, 100);
    const next = random(20261128);
    for (let i = 0; i < CASES; i++) {
      const bytes = i % 4 === 1 ? mutatedDocument(whole, next) : mutated(i % 2 === 0 ? whole : small, next);
      try {
        read(format, bytes, i % 3 === 0 ? 100 : 1 << 16);
      } catch (error) {
        if (error instanceof FormatError) continue;
        throw new Error(`Case ${i}: ${new TextDecoder().decode(bytes)}`, { cause: error });
      }
    }
  });
}

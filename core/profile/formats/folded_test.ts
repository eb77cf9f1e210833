import assert from "node:assert/strict";
import fc from "fast-check";
import { type Frame, type FrameKind, type Profile, quality } from "../../data/mod.ts";
import { foldedFormat, parseFolded } from "./folded.ts";
import { FormatError } from "./format_error.ts";
import { writeFolded } from "./write_folded.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const kind = fc.constantFrom<FrameKind>("user", "kernel", "inlined", "interpreted");
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "a;b",
    "x\ny",
    "\r",
    "\\x3b",
    "\\\\x3b",
    "\\",
    "f_[k]",
    "_[j]",
    "#c",
    "f 12",
    "f -1.5",
    " ",
    "[unknown]",
  ),
  fc.array(fc.constantFrom("\\", "x", "3", "b", ";", "_", "[k]", " ", "1", "#"), { maxLength: 8 }).map((a) =>
    a.join("")
  ),
).filter((s) => s !== "" && s.isWellFormed());
const frame = fc.record({ function: hostile, kind });
const stacks = fc.array(fc.tuple(fc.array(frame, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 1e9 })), {
  minLength: 1,
  maxLength: 10,
});

function profileOf(list: [{ function: string; kind: FrameKind }[], number][]): Profile {
  const frames: Frame[] = [];
  return {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    stacks: list.map(([names, value]) => ({
      frames: names.map((n) => frames.push({ ...n, module: "", file: "", line: 0 }) - 1),
      values: [value],
      labels: {},
    })),
    frames,
    quality: quality(),
  };
}

/** Stacks as text that no name can confuse, added up. */
function contents(p: Profile): Map<string, number> {
  const map = new Map<string, number>();
  for (const s of p.stacks) {
    const key = JSON.stringify(s.frames.map((f) => [p.frames[f].kind, p.frames[f].function]));
    map.set(key, (map.get(key) ?? 0) + s.values[0]);
  }
  return map;
}

Deno.test("any names survive being written and read", () => {
  fc.assert(
    fc.property(stacks, (list) => {
      const profile = profileOf(list);
      assert.deepEqual(contents(parseFolded(writeFolded(profile))), contents(profile));
    }),
    { numRuns: 500 },
  );
});

Deno.test("text that was written comes back the same when read and written", () => {
  fc.assert(fc.property(stacks, (list) => {
    const text = writeFolded(profileOf(list));
    assert.equal(writeFolded(parseFolded(text)), text);
  }));
});

Deno.test("text of other tools comes back unchanged but for the order of lines", () => {
  const text = "java;start_thread;Foo::bar_[j];sys_read_[k] 12\nbash;main;operator new(unsigned long) 3\na\\b;c d 1\n";
  assert.equal(writeFolded(parseFolded(text)), text);
});

Deno.test("a file reads alike whole and in chunks of any size", () => {
  fc.assert(fc.property(stacks, fc.integer({ min: 1, max: 40 }), (list, size) => {
    const text = writeFolded(profileOf(list));
    const all = bytes(text);
    const reader = foldedFormat.reader!();
    for (let i = 0; i < all.length; i += size) reader.push(all.subarray(i, i + size));
    assert.deepEqual(reader.end(), parseFolded(text));
  }));
});

Deno.test("writeFolded() puts the process first, adds equal lines up, sorts, keeps to its limit", () => {
  const profile: Profile = {
    ...profileOf([[[{ function: "f", kind: "user" }], 2], [[{ function: "f", kind: "user" }], 3], [[{
      function: "g",
      kind: "kernel",
    }], 9], [[{ function: "zero", kind: "user" }], 0]]),
  };
  const named = { ...profile, stacks: profile.stacks.map((s) => ({ ...s, labels: { pid: "1", comm: "a;b" } })) };
  assert.equal(writeFolded(named), "a\\x3bb;g_[k] 9\na\\x3bb;f 5\n");
  assert.equal(writeFolded(named, { limit: 1, labels: ["comm", "pid"] }), "a\\x3bb;1;g_[k] 9\n");
  assert.equal(writeFolded(named, { labels: [] }), "g_[k] 9\nf 5\n");
});

Deno.test("writeFolded() names unknown code by its module, as stackcollapse-perf.pl does", () => {
  const profile = profileOf([[
    [{ function: "[unknown]", kind: "user" }, { function: "[unknown]", kind: "kernel" }],
    1,
  ]]);
  const frames = profile.frames.map((f, i) => ({ ...f, module: ["/usr/lib/libz.so.1", "[kernel.kallsyms]"][i] }));
  assert.equal(writeFolded({ ...profile, frames }), "[libz.so.1];[kernel.kallsyms]_[k] 1\n");
});

Deno.test("two values a line are a comparison", () => {
  const profile = parseFolded("a;b 10 20\na;c 0 5\n");
  assert.deepEqual(profile.sampleTypes.map((t) => t.name), ["before", "after"]);
  assert.deepEqual(profile.stacks.map((s) => s.values), [[10, 20], [0, 5]]);
  assert.throws(() => parseFolded("a;b 10 20\na;c 5\n"), FormatError);
});

Deno.test("parseFolded() takes comments, empty lines, CRLF, fractions and no newline at the end", () => {
  const profile = parseFolded("# made by x\r\n\r\na;b 1.5\r\na;b 2");
  assert.deepEqual(profile.stacks.map((s) => s.values), [[3.5]]);
  assert.deepEqual(profile.frames.map((f) => f.function), ["a", "b"]);
});

Deno.test("parseFolded() names the line that is broken", () => {
  assert.throws(() => parseFolded("a;b 1\n\na;b\n"), (e) => e instanceof FormatError && e.line === 3);
});

Deno.test("a comparison comes back with both its values", () => {
  const text = "a;b 10 20\na;c 0 5\na;d 0 -1.5\n";
  const written = [...foldedFormat.write!(parseFolded(text))].map((b) => new TextDecoder().decode(b)).join("");
  assert.equal(written, text);
});

Deno.test("large and tiny values are written without an exponent", () => {
  const profile = parseFolded("a;b 1\na;c 2\n");
  const stacks = profile.stacks.map((s, i) => ({ ...s, values: [[1e21, 1e-7][i]] }));
  const text = writeFolded({ ...profile, stacks });
  assert.deepEqual(parseFolded(text).stacks.map((s) => s.values[0]), [1e21, 1e-7]);
});

Deno.test("folded text is known by its beginning, and others are refused", () => {
  assert.equal(foldedFormat.sniff!(bytes("a;b 1\nc;d 2\n")), true);
  for (const text of ["", "hello world 1\n", '{"a": 1}', "a;b\n", "perf 123 [000] 1.0: cycles:\n"]) {
    assert.equal(foldedFormat.sniff!(bytes(text)), false, text);
  }
});

Deno.test("a line that never ends is refused once it is too long, and not waited for", () => {
  const reader = foldedFormat.reader!();
  const piece = new Uint8Array(1 << 20);
  assert.throws(() => {
    for (let i = 0; i < 64; i++) reader.push(piece);
  }, FormatError);
});

Deno.test("a line as long as lines may be is read, also when it comes in pieces and ends in CR LF", () => {
  const max = 16 << 20;
  for (const end of ["\n", "\r\n", ""]) {
    const reader = foldedFormat.reader!();
    const text = bytes("a".repeat(max - 2) + " 1" + end);
    for (let at = 0; at < text.length; at += 1 << 20) reader.push(text.subarray(at, at + (1 << 20)));
    assert.equal(reader.end().stacks.length, 1, JSON.stringify(end));
  }
});

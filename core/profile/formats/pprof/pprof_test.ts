import assert from "node:assert/strict";
import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { type Frame, type FrameKind, type Profile, quality, type Unit } from "../../../data/mod.ts";
import { skip } from "../../../../tests/skip.ts";
import { sniffFormat } from "../../find_format.ts";
import { FormatError } from "../format_error.ts";
import { decodePprof } from "./decode_pprof.ts";
import { encodePprof } from "./encode_pprof.ts";
import { emptyMessage } from "./message.ts";
import { pprofFormat } from "./pprof_format.ts";

const FIXTURES = new URL("../../../../../shared/fixtures/profiles/pprof/", import.meta.url);
const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);

function read(bytes: Uint8Array, piece = bytes.length || 1): Profile {
  const reader = pprofFormat.reader!();
  for (let i = 0; i < bytes.length; i += piece) reader.push(bytes.subarray(i, i + piece));
  return reader.end();
}

function write(profile: Profile): Uint8Array {
  const [bytes] = [...pprofFormat.write!(profile)];
  return bytes;
}

function fixture(name: string): Uint8Array | null {
  try {
    return Deno.readFileSync(new URL(name, FIXTURES));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    skip(`${name} is not in ../shared/fixtures/profiles/pprof`);
    return null;
  }
}

/** Samples of a type, frames, stacks, first function: counted by hand from the files' own words. */
const EXPECTED: Record<string, { types: string; frames: number; stacks: number; sums: number[] }> = {
  "pprof--cppbench.cpu": { types: "samples:count,cpu:ns", frames: 110, stacks: 52, sums: [712, 712e7] },
  "pprof--go.crc32.cpu": { types: "samples:count,cpu:ns", frames: 13, stacks: 69, sums: [211, 211e7] },
  "pprof--go.nomappings.crash": {
    types: "alloc_objects:count,alloc_space:bytes,inuse_objects:count,inuse_space:bytes",
    frames: 11,
    stacks: 2,
    sums: [2, 818615 + 947340, 2, 818615 + 947340],
  },
  "speedscope--simple.prof": { types: "samples:count,cpu:ns", frames: 30, stacks: 9, sums: [150, 150e7] },
};

Deno.test("pprof files of other tools are read, recognised, and come back the same from export and import", async (t) => {
  for (const [name, expected] of Object.entries(EXPECTED)) {
    await t.step(name, async () => {
      const bytes = fixture(name);
      if (!bytes) return;
      const profile = read(bytes);
      assert.equal(profile.sampleTypes.map((s) => `${s.name}:${s.unit}`).join(), expected.types);
      assert.equal(profile.frames.length, expected.frames);
      assert.equal(profile.stacks.length, expected.stacks);
      const sums = expected.sums.map((_, i) => profile.stacks.reduce((sum, s) => sum + s.values[i], 0));
      assert.deepEqual(sums, expected.sums);
      assert.deepEqual(read(bytes, 100), profile);
      assert.deepEqual(read(write(profile)), profile);
      const plain = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
      assert.equal((await sniffFormat(plain.subarray(0, 65536)))?.name, "pprof");
    });
  }
});

const text = fc.oneof(fc.string(), fc.constantFrom("main", "[kernel.kallsyms]", "__proto__", "a;b", "λ\n"));
const frame: fc.Arbitrary<Frame> = fc.record({
  function: text,
  module: fc.oneof(fc.constantFrom("", "/bin/a", "[kernel.kallsyms]", "[nf_tables]", "[vdso]"), text),
  file: fc.constantFrom("", "a.c", "b.rs"),
  line: fc.nat(100_000),
  kind: fc.constantFrom<FrameKind>("user", "kernel", "inlined", "interpreted", "gpu", "unknown"),
}, { noNullPrototype: true });
const UNITS: readonly Unit[] = ["ns", "bytes", "count", "ratio", "hz", "bytes/s", "events/s", "celsius", null];
const profiles: fc.Arbitrary<Profile> = fc.tuple(
  fc.uniqueArray(frame, { maxLength: 12, selector: (f) => JSON.stringify(Object.values(f)) }),
  fc.array(fc.record({ name: text, unit: fc.constantFrom(...UNITS) }, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: 3,
  }),
  fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 20 }), fc.dictionary(text, text, { noNullPrototype: true })), {
    maxLength: 8,
  }),
  fc.oneof(fc.integer(), fc.nat(), fc.double({ noNaN: true, min: -1e300, max: 1e300 })),
  fc.array(text),
).map(([frames, sampleTypes, stacks, value, notes]): Profile => {
  const list = stacks.map(([indexes, labels], n) => ({
    frames: frames.length === 0 ? [] : indexes.map((i) => i % frames.length),
    values: sampleTypes.map((_, i) => value * (i + 1) + n || 0),
    labels,
  }));
  // Frames of no stack are not written: the file holds stacks.
  const used = [...new Set(list.flatMap((s) => s.frames))].sort((a, b) => a - b);
  const to = new Map(used.map((f, i) => [f, i]));
  return {
    kind: "profile",
    sampleTypes,
    frames: used.map((i) => frames[i]),
    stacks: list.map((s) => ({ ...s, frames: s.frames.map((f) => to.get(f)!) })),
    quality: quality({ events: stacks.length, notes, lost_by: { ring: 3 }, duration_ns: 1.5e9, estimated: true }),
  };
});

Deno.test("pprof: export and import are the identity for any profile", () => {
  fc.assert(
    fc.property(profiles, (profile) => assert.deepEqual(read(write(profile)), profile)),
    { numRuns: 500 * SCALE },
  );
});

Deno.test("pprof: a message keeps every field, integers of 64 bits included", () => {
  const message = emptyMessage();
  message.sampleTypes = [{ type: "cpu", unit: "nanoseconds" }];
  message.periodType = { type: "cpu", unit: "nanoseconds" };
  message.period = 10_000_000;
  message.timeNanos = 1_764_000_000_123_456_789n;
  message.durationNanos = -5;
  message.dropFrames = "^a$";
  message.keepFrames = "b|c";
  message.comments = ["one", "two"];
  message.defaultSampleType = "cpu";
  message.docUrl = "https://example.com/";
  message.mappings = [{
    id: 0xffff_ffff_ffff_fff1n,
    start: 0xffff_ffff_8100_0000n,
    limit: 0xffff_ffff_8200_0000n,
    offset: 4096,
    file: "[kernel.kallsyms]",
    buildId: "abcd",
    hasFunctions: true,
    hasFilenames: false,
    hasLineNumbers: true,
    hasInlineFrames: true,
  }];
  message.functions = [{ id: 7, name: "f()", systemName: "_Z1fv", file: "f.cc", startLine: 12 }];
  message.locations = [{
    id: 2 ** 53 - 1,
    mapping: 0xffff_ffff_ffff_fff1n,
    address: 0xffff_ffff_8100_0010n,
    lines: [{ function: 7, line: 13, column: 4, kind: "interpreted", place: 3 }],
    isFolded: true,
  }];
  message.samples = [{
    locations: [2 ** 53 - 1],
    values: [-7],
    labels: [{ key: "bytes", text: "", number: 1024, unit: "bytes" }, { key: "t", text: "x", number: 0, unit: "" }],
    exact: [0.5],
  }];
  message.quality = "{}";
  assert.deepEqual(decodePprof(encodePprof(message)), message);
  const labels = read(encodePprof({ ...message, quality: "" })).stacks[0].labels;
  assert.deepEqual(labels, { bytes: "1024 bytes", t: "x" });
});

Deno.test("pprof: what is written is what protoc reads", () => {
  const profile = read(encodePprof({
    ...emptyMessage(),
    sampleTypes: [{ type: "samples", unit: "count" }],
    functions: [{ id: 1, name: "main", systemName: "", file: "", startLine: 0 }],
    locations: [{
      id: 1,
      mapping: 0,
      address: 0,
      lines: [{ function: 1, line: 300, column: 0, kind: "", place: 0 }],
      isFolded: false,
    }],
    samples: [{ locations: [1], values: [150], labels: [], exact: null }],
  }));
  let child;
  try {
    child = new Deno.Command("protoc", { args: ["--decode_raw"], stdin: "piped", stdout: "piped" }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return skip("protoc (Debian: protobuf-compiler) is not installed");
  }
  return (async () => {
    const writer = child.stdin.getWriter();
    await writer.write(gunzipSync(write(profile)));
    await writer.close();
    const output = new TextDecoder().decode((await child.output()).stdout);
    const fields = output.split("\n").filter((line) => /^\S/.test(line)).map((line) => line.split(/[ :]/)[0]);
    assert.deepEqual(fields.filter((f) => ["1", "2", "4", "5"].includes(f)), ["1", "2", "4", "5"]);
    assert.match(output, /^2 \{\n {2}1: "\\001"\n {2}2: "\\226\\001"\n\}/m);
    assert.match(output, /^4 \{\n {2}1: 1\n {2}4 \{\n {4}1: 1\n {4}2: 300\n/m);
    assert.match(output, /^6: ""\n6: "samples"/m);
    assert.match(output, /^6: "main"/m);
  })();
});

Deno.test("pprof: older text forms: heap, contention, counts", () => {
  const heap = read(new TextEncoder().encode(`heap profile: 3: 300 [5: 500] @ heapprofile
 2: 200 [3: 300] @ 0x401000 0x402000
 1: 100 [2: 200] @ 0x401000

MAPPED_LIBRARIES:
00400000-00500000 r-xp 00000000 08:01 12 /bin/a
`));
  assert.deepEqual(heap.stacks.map((s) => s.values), [[2, 200, 3, 300], [1, 100, 2, 200]]);
  assert.deepEqual(heap.stacks[0].frames.map((f) => heap.frames[f].function), ["0x402000", "0x401000"]);
  assert.equal(heap.frames[0].module, "/bin/a");
  const contention = read(new TextEncoder().encode("--- contention:\ncycles/second=2000000000\n4000 3 @ 0x1 0x2\n"));
  assert.deepEqual(contention.stacks[0].values, [3, 2000]);
  const count = read(new TextEncoder().encode(
    "goroutine profile: total 2\n2 @ 0x43a0 0x44b0\n#\t0x43a0\truntime.gopark+0xf0\t/go/proc.go:12\n#\t0x44b0\tmain.main+0x10\t/a.go:3\n",
  ));
  assert.deepEqual(count.sampleTypes, [{ name: "goroutine", unit: "count" }]);
  assert.deepEqual(count.stacks[0].frames.map((f) => count.frames[f].function), ["main.main", "runtime.gopark"]);
});

Deno.test("pprof: damaged files give a FormatError or a profile, never another error", () => {
  const files = Object.keys(EXPECTED).map(fixture).filter((b) => b !== null)
    .map((b) => b[0] === 0x1f ? new Uint8Array(gunzipSync(b)) : b);
  files.push(new Uint8Array(gunzipSync(write(fc.sample(profiles, { numRuns: 1, seed: 5 })[0]))));
  files.push(
    new TextEncoder().encode("heap profile: 3: 300 [5: 500] @ heapprofile\n 2: 200 [3: 300] @ 0x401000 0x402000\n"),
  );
  let x = 12345;
  const pick = (n: number): number => {
    x = Math.imul(x ^ x >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((x ^ x >>> 13) >>> 0) % n;
  };
  let readable = 0;
  const runs = 3_000 * SCALE;
  for (let i = 0; i < runs; i++) {
    const from = files[i % files.length];
    let bytes = from.slice(0, pick(10) === 0 ? pick(from.length + 1) : from.length);
    for (let n = pick(6); n >= 0 && bytes.length > 0; n--) bytes[pick(bytes.length)] = pick(256);
    if (pick(20) === 0) bytes = new Uint8Array([...bytes, ...bytes.subarray(0, pick(bytes.length + 1))]);
    try {
      read(bytes);
      readable++;
    } catch (error) {
      assert.ok(error instanceof FormatError, `${error} ${(error as Error).stack}`);
    }
  }
  assert.ok(readable > 0 && readable < runs);
});

Deno.test("pprof: a gzip bomb, a file cut off and an empty one are errors", () => {
  const bytes = fixture("speedscope--simple.prof");
  if (bytes) assert.throws(() => read(bytes.subarray(0, 700)), FormatError);
  assert.throws(() => read(new Uint8Array(0)), FormatError);
  assert.throws(() => read(Uint8Array.of(0x1f, 0x8b, 8, 0)), FormatError);
});

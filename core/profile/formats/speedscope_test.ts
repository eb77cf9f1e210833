import assert from "node:assert/strict";
import { skip } from "../../../tests/skip.ts";
import type { Profile } from "../../data/mod.ts";
import { FormatError } from "./format_error.ts";
import { speedscopeFormat } from "./speedscope.ts";
import { writeFolded } from "./write_folded.ts";

const shared = new URL("../../../../shared/fixtures/profiles/speedscope/", import.meta.url);

function parse(text: string, timeline = false): Profile {
  const reader = speedscopeFormat.reader!({ timeline });
  reader.push(new TextEncoder().encode(text));
  return reader.end();
}

function fixture(name: string): string | null {
  try {
    return Deno.readTextFileSync(new URL(name, shared));
  } catch {
    skip("no ../shared/fixtures/profiles beside the checkout");
    return null;
  }
}

Deno.test("0.0.1: events are counted by what is open between them", () => {
  const text = fixture("0.0.1-simple.speedscope.json");
  if (text === null) return;
  const profile = parse(text);
  assert.deepEqual(profile.sampleTypes, [{ name: "samples", unit: "count" }]);
  assert.equal(writeFolded(profile), "a;b 5\na;b;c 5\na;b;d 4\n");
});

Deno.test("0.1.2: samples with weights in seconds", () => {
  const text = fixture("0.1.2-simple-sampled.speedscope.json");
  if (text === null) return;
  const profile = parse(text, true);
  assert.deepEqual(profile.sampleTypes, [{ name: "time", unit: "ns" }]);
  assert.equal(writeFolded(profile), "a;b 5000000000\na;b;c 5000000000\na;b;d 4000000000\n");
  assert.deepEqual([...profile.timeline!.timeNs], [0, 1e9, 2e9, 6e9, 9e9]);
});

Deno.test("0.6.0: several profiles are told apart by their names", () => {
  const text = fixture("0.6.0-two-sampled.speedscope.json");
  if (text === null) return;
  const profile = parse(text);
  assert.deepEqual([...new Set(profile.stacks.map((s) => s.labels.thread))], ["one", "two"]);
  assert.equal(profile.stacks.reduce((sum, s) => sum + s.values[0], 0), 28e9);
});

Deno.test("what is broken is named by its place", () => {
  const file = (profile: string): string => `{"shared":{"frames":[{"name":"a"}]},"profiles":[${profile}]}`;
  const cases: [string, RegExp][] = [
    ["{", /no JSON/],
    ["[]", /the document: no object/],
    [file('{"type":"sampled","samples":[[1]],"weights":[1]}'), /^profiles\[0\]\.samples\[0\]: no index below 1/],
    [file('{"type":"sampled","samples":[[0]],"weights":[]}'), /0 weights for 1 samples/],
    [file('{"type":"x"}'), /profiles\[0\]\.type: neither/],
    [file('{"type":"sampled","unit":"parsecs","samples":[],"weights":[]}'), /profiles\[0\]\.unit/],
    [file('{"type":"evented","events":[{"type":"C","frame":0,"at":1}]}'), /not the innermost/],
    [file('{"type":"evented","events":[{"type":"O","frame":0,"at":2},{"type":"C","frame":0,"at":1}]}'), /earlier/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parse(text), (e) => e instanceof FormatError && message.test(e.message), text);
  }
});

Deno.test("written files have the shape of speedscope's schema: one profile a sample type, and one a thread of several", () => {
  const profile: Profile = {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }],
    frames: [{ function: "[unknown]", module: "/lib/libz.so", file: "z.c", line: 3, kind: "kernel" }],
    stacks: [
      { frames: [0], values: [1, 5], labels: { pid: "1", tid: "2", comm: "x" } },
      { frames: [0, 0], values: [1, 0], labels: { pid: "1", tid: "3", comm: "x" } },
    ],
    quality: parse('{"profiles":[]}').quality,
  };
  const text = [...speedscopeFormat.write!(profile, { title: "t" })].map((b) => new TextDecoder().decode(b)).join("");
  const file = JSON.parse(text);
  assert.equal(file.$schema, "https://www.speedscope.app/file-format-schema.json");
  assert.equal(file.name, "t");
  assert.deepEqual(file.profiles.map((p: { name: string }) => p.name), [
    "samples",
    "x 1/2: samples",
    "x 1/3: samples",
    "cpu",
    "x 1/2: cpu",
    "x 1/3: cpu",
  ]);
  assert.deepEqual(file.shared.frames[0].name, "[libz.so]");
  for (const p of file.profiles) {
    assert.equal(p.samples.length, p.weights.length);
    assert.equal(p.endValue, p.weights.reduce((a: number, b: number) => a + b, 0));
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { type Frame, type FrameKind, type Profile, quality, type Unit } from "../data/mod.ts";
import { formatByEnding, formatByName, sniffFormat } from "./find_format.ts";
import type { ProfileFormat } from "./formats/format.ts";
import { PROFILE_FORMATS } from "./profile_formats.ts";
import { packing } from "./formats/packing.ts";

const formats = await Promise.all(PROFILE_FORMATS.map((f) => f.load()));

function bytesOf(format: ProfileFormat, profile: Profile): Uint8Array {
  const parts = [...format.write!(profile)];
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function read(format: ProfileFormat, bytes: Uint8Array, size = 1 << 16): Profile {
  const reader = format.reader!({ timeline: true });
  for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
  return reader.end();
}

/** What a profile says, whatever the order of its tables: its stacks in full, equal ones added up. */
function contents(p: Profile): unknown {
  const stacks = new Map<string, number[]>();
  for (const s of p.stacks) {
    const labels = Object.entries(s.labels).sort((a, b) => a[0] < b[0] ? -1 : 1);
    const key = JSON.stringify([s.frames.map((f) => p.frames[f]), labels]);
    const sum = stacks.get(key) ?? p.sampleTypes.map(() => 0);
    s.values.forEach((v, i) => sum[i] += v);
    stacks.set(key, sum);
  }
  const timeline = p.timeline && {
    startNs: p.timeline.startNs,
    samples: Array.from(
      p.timeline.timeNs,
      (t, i) => [t, p.timeline!.value[i], p.stacks[p.timeline!.stack[i]].frames.length],
    ),
  };
  return {
    types: p.sampleTypes,
    stacks: [...stacks].sort((a, b) => a[0] < b[0] ? -1 : 1),
    quality: p.quality,
    timeline,
  };
}

const text = fc.oneof(
  fc.string({ unit: "binary" }).filter((s) => s.isWellFormed()),
  fc.constantFrom(
    "",
    "a;b",
    "\\",
    "\\;",
    "'",
    "=1+1",
    "'=x",
    '"',
    "x,y",
    "a\r\nb",
    "label:x",
    "value:x",
    "x [count]",
    "__proto__",
  ),
);
// JSON.parse of V8 (Deno 2.9.6) takes a key of one escaped character for a backslash, after certain others:
// JSON.parse('[{"x":1,"\\n":2},{"__proto__":1,"\\n":2}]')[0] has the key "\\".
const labelName = text.filter((s) => !/^["\\\x00-\x1f]$/.test(s));
const frame: fc.Arbitrary<Frame> = fc.record({
  function: text,
  module: text,
  file: text,
  line: fc.nat(),
  kind: fc.constantFrom<FrameKind>("user", "kernel", "inlined", "interpreted", "gpu", "unknown"),
});
const profiles: fc.Arbitrary<Profile> = fc.record({
  types: fc.uniqueArray(
    fc.record({ name: text, unit: fc.constantFrom<Unit>("ns", "bytes", "count", "ratio", "events/s", null) }),
    { minLength: 1, maxLength: 3, selector: (t) => `${t.unit} ${t.name}` },
  ),
  frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
  stacks: fc.array(
    fc.record({
      frames: fc.array(fc.nat(), { maxLength: 6 }),
      values: fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 3, maxLength: 3 }),
      labels: fc.dictionary(fc.oneof(labelName, fc.constantFrom("pid", "tid", "comm")), text, { maxKeys: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  times: fc.array(fc.nat(), { maxLength: 5 }),
}).map(({ types, frames, stacks, times }) => ({
  kind: "profile",
  sampleTypes: types.map((t) => ({ ...t })),
  frames: frames.map((f) => ({ ...f })),
  stacks: stacks.map((s) => ({
    frames: s.frames.map((f) => f % frames.length),
    values: s.values.slice(0, types.length),
    labels: { ...s.labels },
  })),
  ...(times.length > 0
    ? {
      timeline: {
        startNs: 1764349200000000000n,
        timeNs: Float64Array.from(times.sort((a, b) => a - b)),
        stack: Uint32Array.from(times, (t) => t % stacks.length),
        value: Float64Array.from(times, () => 1),
      },
    }
    : {}),
  quality: quality({ events: 7, lost_by: { ring: 2 }, notes: ["a note"], duration_ns: 1e9 }),
}));

Deno.test("the registry names formats as they name themselves", () => {
  for (const [i, entry] of PROFILE_FORMATS.entries()) {
    assert.equal(entry.name, formats[i].name);
    assert.deepEqual(entry.endings, formats[i].endings);
    assert.ok(formats[i].reader || formats[i].write);
    assert.equal(formatByName(entry.name), entry);
    for (const ending of entry.endings) assert.equal(formatByEnding(`/x.y/a${ending}`)?.name, entry.name);
  }
  assert.equal(
    new Set(PROFILE_FORMATS.flatMap((f) => f.endings)).size,
    PROFILE_FORMATS.flatMap((f) => f.endings).length,
  );
});

Deno.test("the longest ending of a file's name counts, without that of a compression", () => {
  assert.equal(formatByEnding("a.speedscope.json")?.name, "speedscope");
  assert.equal(formatByEnding("a.json.zst")?.name, "json");
  assert.equal(formatByEnding("A.FOLDED.GZ")?.name, "folded");
  assert.equal(formatByEnding("folded"), null);
});

for (const format of formats.filter((f) => f.reader && f.write)) {
  Deno.test(`${format.name}: what was read and written comes back the same`, () => {
    fc.assert(
      fc.property(profiles, (profile) => {
        const once = read(format, bytesOf(format, profile));
        const file = bytesOf(format, once);
        assert.deepEqual(contents(read(format, file)), contents(once));
        assert.deepEqual(read(format, file, 7), read(format, file));
      }),
      { numRuns: 150 },
    );
  });

  Deno.test(`${format.name}: its files are known by how they begin`, async () => {
    const frames: Frame[] = ["main", "hot"].map((f) => ({
      function: f,
      module: "/bin/x",
      file: "",
      line: 0,
      kind: "user",
    }));
    const stacks = [{ frames: [0, 1], values: [3], labels: { comm: "x", pid: "1" } }];
    const profile: Profile = {
      kind: "profile",
      sampleTypes: [{ name: "samples", unit: "count" }],
      frames,
      stacks,
      quality: quality(),
    };
    const file = bytesOf(format, profile);
    const head = (packing(file) === "gzip" ? new Uint8Array(gunzipSync(file)) : file).subarray(0, 65536);
    assert.equal((await sniffFormat(head))?.name, format.name);
    assert.equal((await sniffFormat(head, "x.perf.txt"))?.name, format.name);
  });
}

Deno.test("json, speedscope and csv keep frames, labels and values; json and speedscope quality; json times", () => {
  for (const name of ["json", "speedscope", "csv", "pprof"]) {
    const format = formats.find((f) => f.name === name)!;
    fc.assert(
      fc.property(profiles, (profile) => {
        const before = contents(profile) as Record<string, unknown>;
        const after = contents(read(format, bytesOf(format, profile))) as Record<string, unknown>;
        if (name !== "json") before.timeline = undefined;
        if (name === "csv") after.quality = before.quality;
        assert.deepEqual(after, before);
      }),
      { numRuns: 150 },
    );
  }
});

Deno.test("bytes of no format are of none", async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(100), new TextEncoder().encode("hello\nworld\n{}")]) {
    assert.equal(await sniffFormat(bytes), null);
  }
});

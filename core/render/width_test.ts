import assert from "node:assert/strict";
import fc from "fast-check";
import { skip } from "../../tests/skip.ts";
import { charWidth, displayWidth, pad, truncate, wrap } from "./width.ts";

Deno.test("displayWidth() counts CJK and emoji as two columns, combining marks as none", () => {
  const cases: [string, number][] = [["abc", 3], ["数据库", 6], ["ａ", 2], ["🔥", 2], ["e\u0301", 1], ["한글", 4], [
    "µs",
    2,
  ]];
  for (const [text, width] of cases) assert.equal(displayWidth(text), width, text);
});

Deno.test("charWidth() agrees with Unicode's East Asian Width as Python knows it", async () => {
  const code = `import unicodedata as u
print(",".join(str(c) for c in range(0x300, 0x30000) if u.category(chr(c))[0] not in "CM" and u.east_asian_width(chr(c)) in "WF"))
print(",".join(str(c) for c in range(0x300, 0x30000) if u.category(chr(c))[0] not in "CM" and u.east_asian_width(chr(c)) not in "WF"))`;
  const python = await new Deno.Command("python3", { args: ["-c", code] }).output().catch(() => null);
  if (!python?.success) return skip("python3 is not installed");
  const [wide, narrow] = new TextDecoder().decode(python.stdout).trim().split("\n").map((l) =>
    l.split(",").map(Number)
  );
  assert.ok(wide.length > 80_000);
  assert.deepEqual(wide.filter((c) => charWidth(String.fromCodePoint(c)) !== 2).map((c) => c.toString(16)), []);
  // Hangul medial vowels join the syllable before them: no column of their own.
  const odd = narrow.filter((c) => charWidth(String.fromCodePoint(c)) === 2);
  assert.deepEqual(odd.map((c) => c.toString(16)), []);
});

Deno.test("truncate() never exceeds the width and keeps texts that fit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), fc.constantFrom("end", "middle", "start"), (s, w, at) => {
      const cut = truncate(s, w, at as "end");
      assert.ok(displayWidth(cut) <= w);
      if (displayWidth(s) <= w) assert.equal(cut, s);
    }),
  );
  assert.equal(truncate("/usr/lib/libc.so.6", 10, "start"), "…libc.so.6");
  assert.equal(truncate("数据库服务器", 6), "数据…");
});

Deno.test("pad() fills to the width by columns, not characters", () => {
  assert.equal(pad("数据", 6) + "|", "数据  |");
  assert.equal(pad("1", 3, "right"), "  1");
});

Deno.test("wrap() keeps every word and no line wider than asked", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/)), fc.integer({ min: 2, max: 30 }), (words, width) => {
      const lines = wrap(words.join(" "), width);
      assert.ok(lines.every((l) => displayWidth(l) <= width));
      assert.equal(lines.join("").replaceAll(" ", ""), words.join(""));
    }),
  );
});

Deno.test("wrap() breaks Chinese between characters but not before closing punctuation", () => {
  assert.deepEqual(wrap("数据库很慢，原因未知。", 10), ["数据库很", "慢，原因未", "知。"]);
});

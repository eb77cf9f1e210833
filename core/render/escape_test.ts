import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeText, escapeXml } from "./escape.ts";
import { HOSTILE } from "./data_for_test.ts";

Deno.test("escapeText() writes controls, escapes and newlines visibly", () => {
  assert.equal(escapeText("a\x1b[31mb\n\t\r\0\x7f\x9b"), "a\\x1b[31mb\\n\\t\\r\\0\\x7f\\x9b");
});

Deno.test("escapeText() writes bidirectional overrides, zero width characters, tags and lone surrogates visibly", () => {
  assert.equal(escapeText("\u202egnp.exe"), "\\u202egnp.exe");
  assert.equal(escapeText("a\u200bb\u2066c\u{e0041}\ud800"), "a\\u200bb\\u2066c\\u{e0041}\\ud800");
});

Deno.test("escapeText() keeps ordinary text of any script", () => {
  for (const text of ["plain", "数据库服务器", "Grüße", "עברית", "🔥 hot", "c:\\temp", "e\u0301"]) {
    assert.equal(escapeText(text), text);
  }
});

Deno.test("escapeText() keeps newlines only when asked, and never carriage returns", () => {
  assert.equal(escapeText("a\nb\rc", { newlines: true }), "a\nb\\rc");
});

Deno.test("escapeText() cuts at the limit and says so, not leaving half a surrogate pair", () => {
  assert.equal(escapeText("abcdef", { limit: 3 }), "abc…");
  assert.equal(escapeText("ab🔥", { limit: 3 }), "ab\\ud83d…");
});

Deno.test("escapeText() writes out combining marks beyond what scripts need", () => {
  const text = escapeText("a" + "\u0301".repeat(50));
  assert.equal(text.match(/\u0301/g)?.length, 4);
});

Deno.test("escapeText() leaves nothing a terminal obeys in any text", () => {
  const acts = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (s) => !acts.test(escapeText(s)) && escapeText(s).isWellFormed()),
  );
  for (const s of HOSTILE) assert.ok(!acts.test(escapeText(s)));
});

Deno.test("escapeXml() leaves no markup and only characters that XML allows", () => {
  const allowed = /^[\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
  fc.assert(fc.property(fc.string({ unit: "binary" }), (s) => {
    const out = escapeXml(s);
    assert.ok(!/[<>"']/.test(out));
    assert.ok(!/&(?!(amp|lt|gt|quot|#39);)/.test(out));
    assert.match(out, allowed);
  }));
  assert.equal(escapeXml(`</script>"'&`), "&lt;/script&gt;&quot;&#39;&amp;");
});

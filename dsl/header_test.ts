import assert from "node:assert/strict";
import { addHeader, stripHeader } from "./header.ts";

const BODY = 'recipe x "y"\ncollect uprobe:"/a/*/b":f for 1s # a */ in a comment\n';

Deno.test("addHeader() makes a module that JavaScript reads as one import and one comment", () => {
  const text = addHeader(BODY, "file:///opt/it's/main.ts");
  assert.ok(text.startsWith('#!/usr/bin/env -S deno run -A\nimport "file:///opt/it\'s/main.ts"; /*\n'));
  // Without the shebang and import what is left must be nothing but one comment.
  const script = text.replace(/^#!.*\nimport [^;]*;/, "");
  assert.equal(new Function(`${script}; return 1`)(), 1);
});

Deno.test("stripHeader() keeps every character of the body at its place", () => {
  for (
    const text of [
      addHeader(BODY, "sonde/run"),
      `import 'sonde/run' /*${BODY}*/`,
      `\uFEFF#!/x\r\nimport "a";/*\r\n${BODY}\r\n*/\r\n`,
    ]
  ) {
    const { text: stripped, hasHeader, unclosedAt, earlyEndAt } = stripHeader(text);
    assert.equal(hasHeader, true);
    assert.equal(stripped.length, text.length);
    assert.equal(unclosedAt, -1);
    const at = text.indexOf("recipe x");
    assert.equal(stripped.indexOf("recipe x"), at);
    assert.equal(stripped.slice(0, at).trim(), "");
    assert.deepEqual([...stripped.matchAll(/\n/g)].map((m) => m.index), [...text.matchAll(/\n/g)].map((m) => m.index));
    if (text.includes("\\/")) assert.equal(earlyEndAt, -1);
    else assert.equal(text.slice(earlyEndAt, earlyEndAt + 2), "*/");
  }
});

Deno.test("stripHeader() leaves text without a header alone", () => {
  for (const text of [BODY, "", "#!/usr/bin/env -S sonde run\nshow a", "import x", 'import "a"; show /*']) {
    assert.deepEqual(stripHeader(text), {
      text,
      hasHeader: false,
      body: { start: 0, end: text.length },
      unclosedAt: -1,
      earlyEndAt: -1,
    });
  }
});

Deno.test("stripHeader() tells where a comment is never closed", () => {
  const text = 'import "sonde/run"; /*\nshow a\n';
  assert.equal(text.slice(stripHeader(text).unclosedAt, stripHeader(text).unclosedAt + 2), "/*");
});

Deno.test("addHeader() replaces a header and changes nothing else", () => {
  const once = addHeader(BODY, "sonde/run");
  assert.equal(addHeader(once, "sonde/run"), once);
  assert.ok(addHeader(once, "npm:sonde@1.0.0/run").includes('import "npm:sonde@1.0.0/run"; /*'));
});

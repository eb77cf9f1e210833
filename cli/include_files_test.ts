import assert from "node:assert/strict";
import { includedTexts } from "./include_files.ts";

Deno.test("includedTexts() finds what the language includes, however it is written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${folder}/sub`);
    Deno.writeTextFileSync(`${folder}/a.perf`, "collect proc.list");
    Deno.writeTextFileSync(`${folder}/sub/b.perf`, 'include"../a.perf"');
    const file = `${folder}/main.perf`;
    Deno.writeTextFileSync(file, "");
    const found = (text: string): number => includedTexts(text, file).length - 1;
    for (
      const text of [
        'include "a.perf"',
        'include"a.perf"',
        'include # why\n  # so\n\t"a.perf"',
        'include "\\x61.perf"',
        'include "\\u{61}.perf"',
        'include ".\\/a.perf"; include "a.perf"',
      ]
    ) assert.equal(found(text), 1, text);
    assert.equal(found('include "sub/b.perf"'), 2);
    assert.equal(found('include "none.perf"'), 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("includedTexts() takes no time over a long text", () => {
  const begun = performance.now();
  includedTexts("include ".repeat(20_000) + "include" + " ".repeat(100_000) + "# include\n".repeat(10_000), "-e");
  assert.ok(performance.now() - begun < 5_000);
});

import assert from "node:assert/strict";
import { writeFolded } from "./folded.ts";
import { FormatError } from "./format_error.ts";
import { looksLikePerfScript, parsePerfScript, perfScriptParser } from "./perf_script.ts";

const fixtures = new URL("./fixtures/", import.meta.url);

Deno.test("recorded text of perf script gives the profile beside it, whole, cut off and in small chunks", async (t) => {
  for (const { name } of Deno.readDirSync(fixtures)) {
    if (!name.startsWith("perf-script--") || !name.endsWith(".out")) continue;
    await t.step(name, () => {
      const text = Deno.readTextFileSync(new URL(name, fixtures));
      const expected = JSON.parse(Deno.readTextFileSync(new URL(name.replace(/out$/, "json"), fixtures)));
      const profile = parsePerfScript(text);
      assert.deepEqual(JSON.parse(JSON.stringify(profile)), expected);
      assert.equal(looksLikePerfScript(text), true);
      const parser = perfScriptParser();
      for (let i = 0; i < text.length; i += 100) parser.push(text.slice(i, i + 100));
      assert.deepEqual(parser.end(), profile);
      for (let n = 300; n < text.length; n += 97) {
        assert.ok(parsePerfScript(text.slice(0, n)).quality.events <= profile.quality.events);
      }
    });
  }
});

Deno.test("names with spaces, digits, colons and parentheses are read whole", () => {
  const profile = parsePerfScript(`V8 Default 12 w:x  7965/7968  [001]  3982.777739:   10101010 cpu-clock:u: 
	            1183 std::foo<int (*)(char)>::operator()(int)+0x5 (/opt/my app (deleted))
	            11cd [unknown] ([unknown])
	ffffffff821ef666 do_syscall_64+0x1f ([kernel.kallsyms])
	               0 small (inlined)

`);
  assert.deepEqual(profile.stacks[0].labels, { pid: "7965", comm: "V8 Default 12 w:x", tid: "7968", cpu: "1" });
  assert.deepEqual(profile.sampleTypes, [{ name: "samples", unit: "count" }, { name: "cpu-clock:u", unit: "ns" }]);
  assert.deepEqual(profile.frames.map((f) => [f.function, f.module, f.kind]), [
    ["small", "", "inlined"],
    ["do_syscall_64", "[kernel.kallsyms]", "kernel"],
    ["[unknown]", "", "user"],
    ["std::foo<int (*)(char)>::operator()(int)", "/opt/my app (deleted)", "user"],
  ]);
});

Deno.test("samples of one line, without call chains or without addresses, are samples", () => {
  const text = `            sysl  7906  [000]  3982.765159: cpu-clock:      7f5081a00829 syscall (/usr/lib/libc.so.6)
             hot  7998  [001]  3982.767636: cycles: 
`;
  const profile = parsePerfScript(text);
  assert.equal(profile.quality.events, 2);
  assert.equal(writeFolded(profile), "hot 1\nsysl;syscall 1\n");
  assert.deepEqual(profile.stacks[0].labels, { comm: "sysl", tid: "7906", cpu: "0" });
});

Deno.test("source lines belong to the frame above", () => {
  const profile = parsePerfScript(`hot  7998/7998  [001]  3982.767636:   10101010 cpu-clock: 
	            1183 three (/tmp/hot)
  hot.c:3
	            11cd [unknown] (/usr/bin/deno)
  deno[2325bc2]
`);
  assert.deepEqual(profile.frames.map((f) => [f.function, f.file, f.line]), [["[unknown]", "", 0], [
    "three",
    "hot.c",
    3,
  ]]);
  assert.deepEqual(profile.quality.notes, []);
});

Deno.test("text that is something else is refused; lines between samples are skipped and counted", () => {
  assert.throws(() => parsePerfScript("hello\nworld\n"), FormatError);
  assert.equal(looksLikePerfScript("a;b 1\n"), false);
  assert.equal(parsePerfScript("").quality.events, 0);
  const profile = parsePerfScript("# comment\nnoise\nhot 1 2.5: cycles: \n\t  11 f (/x)\n\n");
  assert.deepEqual(profile.quality.notes, ["1 lines could not be read as perf script text."]);
});

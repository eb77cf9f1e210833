import assert from "node:assert/strict";
import type { Profile } from "../../data/mod.ts";
import { FormatError } from "./format_error.ts";
import { perfScriptFormat } from "./perf_script.ts";
import { writeFolded } from "./write_folded.ts";

function parsePerfScript(text: string, size = Infinity): Profile {
  const bytes = new TextEncoder().encode(text);
  const reader = perfScriptFormat.reader!();
  for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
  return reader.end();
}

const looksLikePerfScript = (text: string): boolean => perfScriptFormat.sniff!(new TextEncoder().encode(text));

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
      assert.deepEqual(parsePerfScript(text, 100), profile);
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

Deno.test("a text that ends within a call chain loses that sample, and says so", () => {
  const sample = "hot 1/1 [000] 2.5: 7 cycles: \n\t  11 f (/x)\n\t  12 main (/x)\n\n";
  const profile = parsePerfScript(sample + sample.slice(0, -8));
  assert.equal(profile.quality.events, 1);
  assert.deepEqual(profile.quality.lost_by, { truncated_file: 1 });
});

Deno.test("fields may be left out: time, event, module, symbol; others may be added", () => {
  const cases: [string, string][] = [
    ["hot 7998 cycles: \n\t  11cd f (/x)\n\t  11dd main (/x)\n\n", "hot;main;f 1\n"],
    ["hot  7998/7999 [003] \n\t  11cd f (/x)\n\n", "hot;f 1\n"],
    ["hot  7998 [003] 12.5: \n\t  11cd f+0x12\n\t  11dd main\n\n", "hot;main;f 1\n"],
    ["hot  7998 12.000000005: cycles:u: \n\t  11cd\n\n", "hot;[unknown] 1\n"],
    ["hot  7998 U    12.5: cycles: \n\t  11cd f+0x1 (/x+0x11cd)\n\n", "hot;f 1\n"],
    ["hot  7998 12.5: cycles: \n\t  11cd f (/x)\n 0x4005b0/0x4005c0/P/-/-/0  0x1/0x2/M/-/-/3\n\n", "hot;f 1\n"],
    [
      "hot 1/1 1.5: sched:sched_switch: prev_comm=hot (x) ==> next_comm=b\n\t  ffffffff811 schedule ([kernel.kallsyms])\n\n",
      "hot;schedule_[k] 1\n",
    ],
    [
      "  hot 1/1 1.5: PERF_RECORD_COMM: ls:1/1\n  hot 1/1 1.5: PERF_RECORD_LOST lost 3\n  hot 1/1 1.6: cycles:  11cd f (/x)\n",
      "hot;f 1\n",
    ],
  ];
  for (const [text, expected] of cases) assert.equal(writeFolded(parsePerfScript(text)), expected, text);
  assert.equal(parsePerfScript(cases[7][0]).quality.lost, 3);
});

Deno.test("several events are sample types of their own, whether periods are printed or not", () => {
  const profile = parsePerfScript(
    "hot 1 1.5: cycles: \n\t  1 f (/x)\n\nhot 1 1.6: faults: \n\t  1 f (/x)\n\nhot 1 1.6: faults: \n\t  1 f (/x)\n\n",
  );
  assert.deepEqual(profile.sampleTypes.map((t) => t.name), ["samples", "cycles", "faults"]);
  assert.deepEqual(profile.stacks.map((s) => s.values), [[3, 1, 2]]);
});

Deno.test("times make a timeline when it is asked for", () => {
  const sample = (time: string, f: string): string => `hot 1 ${time}: cycles: \n\t  1 ${f} (/x)\n\n`;
  const reader = perfScriptFormat.reader!({ timeline: true });
  reader.push(
    new TextEncoder().encode(sample("4000000.25", "f") + sample("4000000.2", "g") + sample("4000001.000000001", "f")),
  );
  const { timeline } = reader.end();
  assert.deepEqual(timeline, {
    startNs: null,
    timeNs: Float64Array.of(200000000, 250000000, 1000000001),
    stack: Uint32Array.of(1, 0, 0),
    value: Float64Array.of(1, 1, 1),
  });
});

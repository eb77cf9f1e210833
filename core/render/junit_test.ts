import assert from "node:assert/strict";
import fc from "fast-check";
import { HOSTILE } from "./data_for_test.ts";
import { escapeText } from "./escape.ts";
import { type JunitReport, junitXml } from "./junit.ts";
import { elements, parseXml, type XmlElement } from "./xml_for_test.ts";

const REPORT: JunitReport = {
  name: "run_queue",
  timestamp: new Date("2026-11-28T13:40:00.250Z"),
  durationS: 10.25,
  cases: [
    { name: "count(a) > 0", outcome: "pass", message: "", text: "", timeS: 0 },
    { name: "max(a.x) < 5ms", outcome: "fail", message: "over budget", text: "value 7 ms\nover budget", timeS: 0.5 },
    { name: "p99 < 1s", outcome: "inconclusive", message: "4 % lost", text: "4 % lost", timeS: 0 },
  ],
  errors: [{ name: "b", message: "no CAP_BPF", text: "no CAP_BPF\nRun as root" }],
  systemOut: "a\n1 2 3\n",
};

Deno.test("junitXml() is the form that CI systems read: one suite, counts, failures and errors", () => {
  assert.equal(
    junitXml(REPORT),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="run_queue" tests="4" failures="1" errors="2" time="10.250">
  <testsuite name="run_queue" tests="4" failures="1" errors="2" skipped="0" time="10.250" timestamp="2026-11-28T13:40:00">
    <testcase name="count(a) &gt; 0" classname="run_queue" time="0.000"/>
    <testcase name="max(a.x) &lt; 5ms" classname="run_queue" time="0.500">
      <failure type="expect" message="over budget">value 7 ms
over budget</failure>
    </testcase>
    <testcase name="p99 &lt; 1s" classname="run_queue" time="0.000">
      <error type="inconclusive" message="4 % lost">4 % lost</error>
    </testcase>
    <testcase name="b" classname="run_queue" time="0.000">
      <error type="error" message="no CAP_BPF">no CAP_BPF
Run as root</error>
    </testcase>
    <system-out>a
1 2 3
</system-out>
  </testsuite>
</testsuites>
`,
  );
});

/** What a reader sees of a text: everything that is not to be seen is written out. */
const seen = (text: string): string => escapeText(text, { newlines: true });

function checkSame(root: XmlElement, report: JunitReport): void {
  const [suite] = root.children;
  const cases = elements(root, "testcase");
  assert.equal(suite.attributes.name, seen(report.name));
  assert.equal(Number(suite.attributes.tests), cases.length);
  assert.equal(Number(suite.attributes.failures), elements(root, "failure").length);
  assert.equal(Number(suite.attributes.errors), elements(root, "error").length);
  [...report.cases, ...report.errors].forEach((c, i) => {
    assert.equal(cases[i].attributes.name, seen(c.name));
    if (cases[i].children.length === 0) return;
    assert.equal(cases[i].children[0].attributes.message, seen(c.message));
    assert.equal(cases[i].children[0].text, seen(c.text.replaceAll("\r\n", "\n")));
  });
  const out = elements(root, "system-out")[0]?.text ?? "";
  assert.equal(out, seen(report.systemOut.replaceAll("\r\n", "\n")));
}

Deno.test("junitXml() of nasty strings is read back by another parser as what was meant", async () => {
  const nasty = [
    ...HOSTILE,
    "]]>",
    "<![CDATA[x]]>",
    "&amp;&#0;",
    "\ud800",
    "a\r\nb\tc\u0000",
    `"'<>&\n`,
    "\ufffe\uffff",
  ];
  const all = nasty.join("");
  const outcome = (i: number) => (["pass", "fail", "inconclusive"] as const)[i % 3];
  const report: JunitReport = {
    ...REPORT,
    name: all,
    cases: nasty.map((text, i) => ({ name: text, outcome: outcome(i), message: text, text, timeS: 0 })),
    errors: [...nasty, all].map((text) => ({ name: text, message: text, text })),
    systemOut: all,
  };
  const root = await parseXml(junitXml(report));
  if (root !== null) checkSame(root, report);
});

Deno.test("junitXml() of any strings is well-formed", async () => {
  const texts = fc.sample(fc.string({ unit: "binary", maxLength: 200 }), { numRuns: 400, seed: 7 });
  const report: JunitReport = {
    ...REPORT,
    cases: texts.map((text) => ({ name: text, outcome: "fail", message: text, text, timeS: NaN })),
    systemOut: texts.join("\n"),
  };
  const root = await parseXml(junitXml(report));
  if (root !== null) checkSame(root, report);
});

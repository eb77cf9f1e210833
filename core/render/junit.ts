import { escapeText } from "./escape.ts";

/** An expectation, as a test case. */
export interface JunitCase {
  readonly name: string;
  readonly outcome: "pass" | "fail" | "inconclusive";
  /** One line: why it did not pass. */
  readonly message: string;
  /** All there is to say; may have several lines. */
  readonly text: string;
  /** Seconds. */
  readonly timeS: number;
}

/** Something that could not be done, as a test case of its own. */
export interface JunitError {
  readonly name: string;
  readonly message: string;
  readonly text: string;
}

/** What a report in JUnit's form is made from. */
export interface JunitReport {
  /** Name of the suite. */
  readonly name: string;
  readonly timestamp: Date;
  /** Seconds. */
  readonly durationS: number;
  readonly cases: readonly JunitCase[];
  readonly errors: readonly JunitError[];
  /** What was printed. Empty for nothing. */
  readonly systemOut: string;
}

const MOST_OUTPUT = 1_000_000;

/**
 * JUnit's XML as Jenkins, GitLab and GitHub's actions read it: one suite; what failed is a `failure`; what is inconclusive,
 * or could not be done, an `error`. What XML cannot hold and what cannot be seen is written out (`\x1b`).
 */
export function junitXml(report: JunitReport): string {
  const failures = report.cases.filter((c) => c.outcome === "fail").length;
  const errors = report.cases.filter((c) => c.outcome === "inconclusive").length + report.errors.length;
  const counts = `tests="${report.cases.length + report.errors.length}" failures="${failures}" errors="${errors}"`;
  const time = `time="${seconds(report.durationS)}"`;
  const suite = attribute(report.name);
  const lines = [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="${suite}" ${counts} ${time}>`,
    // Of the form's time stamps none has a zone: by custom they are UTC.
    `  <testsuite name="${suite}" ${counts} skipped="0" ${time} timestamp="${
      report.timestamp.toISOString().slice(0, 19)
    }">`,
    ...report.cases.map((c) => testCase(suite, c.name, c.timeS, c.outcome === "pass" ? null : verdict(c))),
    ...report.errors.map((e) => testCase(suite, e.name, 0, element("error", "error", e.message, e.text))),
    ...(report.systemOut === "" ? [] : [`    <system-out>${content(report.systemOut)}</system-out>`]),
    `  </testsuite>`,
    `</testsuites>`,
  ];
  return lines.join("\n") + "\n";
}

function testCase(suite: string, name: string, timeS: number, inner: string | null): string {
  const head = `    <testcase name="${attribute(name)}" classname="${suite}" time="${seconds(timeS)}"`;
  return inner === null ? `${head}/>` : `${head}>\n      ${inner}\n    </testcase>`;
}

function verdict(c: JunitCase): string {
  return c.outcome === "fail"
    ? element("failure", "expect", c.message, c.text)
    : element("error", "inconclusive", c.message, c.text);
}

function element(name: "failure" | "error", type: string, message: string, text: string): string {
  return `<${name} type="${type}" message="${attribute(message)}">${content(text)}</${name}>`;
}

function seconds(s: number): string {
  return Number.isFinite(s) && s > 0 ? s.toFixed(3) : "0.000";
}

const MARKUP: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  // In an attribute a bare one is read as a space.
  "\n": "&#10;",
};

function attribute(text: string): string {
  return escapeText(text, { newlines: true }).replace(/[&<>"'\n]/g, (c) => MARKUP[c]);
}

/** `>` is written out as well: `]]>` must not stand in content. */
function content(text: string): string {
  return escapeText(text.replaceAll("\r\n", "\n"), { newlines: true, limit: MOST_OUTPUT })
    .replace(/[&<>]/g, (c) => MARKUP[c]);
}

import { errorText, type Results } from "../core/data/mod.ts";
import type { JunitCase, JunitError } from "../core/render/junit.ts";
import type { ExpectReport, RecipeReport, RunError } from "../dsl/run/report.ts";
import { warn, writeFile } from "./output.ts";

/** Rows of each table that are put into the report. */
const MOST_ROWS = 100;

/** A report in JUnit's form that is being made while a recipe runs. */
export interface Junit {
  /** What is wrong with the recipe, while there is nothing else to report. */
  problem(text: string): void;
  /** What came of it. Replaces what came of an earlier round. */
  report(report: RecipeReport): void;
  /** Writes what there is. @throws {UnsupportedError} when the file cannot be written */
  write(): Promise<void>;
  /** Whether it could not be written. */
  readonly failed: boolean;
}

/**
 * Has a report in JUnit's form written when a recipe is over, however it ends.
 *
 * @param file where to; undefined for nowhere
 * @param name what the recipe is called where it does not say itself
 * @param body runs the recipe, and tells of it
 * @throws {UnsupportedError} when the file cannot be written and nothing else went wrong
 */
export async function withJunit(
  file: string | undefined,
  name: string,
  body: (junit: Junit | null) => Promise<number>,
): Promise<number> {
  if (file === undefined) return await body(null);
  const junit = openJunit(file, name);
  let code: number;
  try {
    code = await body(junit);
  } catch (error) {
    if (junit.failed) throw error;
    try {
      junit.problem(errorText(error));
      await junit.write();
    } catch (problem) {
      warn(`sonde: ${errorText(problem)}`);
    }
    throw error;
  }
  await junit.write();
  return code;
}

function openJunit(file: string, name: string): Junit {
  const timestamp = new Date();
  const started = performance.now();
  const problems: string[] = [];
  let last: { readonly report: RecipeReport; readonly durationS: number } | null = null;
  let failed = false;
  return {
    get failed(): boolean {
      return failed;
    },
    problem: (text) => void problems.push(text),
    report: (report) => void (last = { report, durationS: (performance.now() - started) / 1000 }),
    async write(): Promise<void> {
      const { junitXml } = await import("../core/render/junit.ts");
      const wrong = problems.length === 0 ? [] : [asError("recipe", problems.join("\n"))];
      const xml = last === null
        ? { name, durationS: (performance.now() - started) / 1000, cases: [], errors: wrong, systemOut: "" }
        : {
          name: last.report.recipe || name,
          durationS: last.durationS,
          cases: await casesOf(last.report),
          errors: [...last.report.errors.map(errorOf), ...wrong],
          systemOut: await outputOf(last.report),
        };
      failed = true;
      writeFile(file, junitXml({ ...xml, timestamp }));
      failed = false;
    },
  };
}

/** Its expectations. Readers complain of a suite without a test: a recipe that expects nothing has passed when it ran. */
async function casesOf(report: RecipeReport): Promise<JunitCase[]> {
  const { formatByUnit } = await import("../core/render/format_value.ts");
  const caseOf = (e: ExpectReport): JunitCase => {
    const value = typeof e.value === "number" ? `value: ${formatByUnit(e.value, e.unit)}\n` : "";
    const message = e.outcome === "pass" ? "" : e.message.split("\n")[0] || `${e.text} is false`;
    return { name: e.text, outcome: e.outcome, message, text: `${e.text}\n${value}${e.message}`.trimEnd(), timeS: 0 };
  };
  if (report.expects.length > 0 || report.errors.length > 0) return report.expects.map(caseOf);
  return [{ name: "the recipe ran", outcome: "pass", message: "", text: "", timeS: 0 }];
}

function errorOf(e: RunError): JunitError {
  return asError(e.what === "pipeline" ? e.name : `${e.what} "${e.name}"`, e.message);
}

function asError(name: string, text: string): JunitError {
  return { name, message: text.split("\n")[0], text };
}

/** What was shown, as text: a failure is read beside what was measured. */
async function outputOf(report: RecipeReport): Promise<string> {
  const { inTheirForms } = await import("./shown_forms.ts");
  const { renderShown } = await import("../core/render/terminal/shown.ts");
  const shown: Results = Object.fromEntries(
    report.shown.flatMap((n) => Object.hasOwn(report.results, n) ? [[n, report.results[n]]] : []),
  );
  const { results, forms } = await inTheirForms(shown, report.forms);
  const options = { color: false, width: 120, lang: "en", maxRows: MOST_ROWS } as const;
  const texts = Object.entries(results).map(([name, r]) => renderShown(name, r, forms[name] ?? null, options));
  const alerts = report.alerts.map((a) => `ALERT ${a.message}`);
  return [...alerts, ...texts].map((text) => text + "\n").join("\n");
}

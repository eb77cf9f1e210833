import {
  exactJson,
  type Json,
  parseExactJson,
  type Result,
  type Results,
  resultToJson,
  UsageError,
} from "../core/data/mod.ts";
import type { Investigator } from "../core/plugin_api/mod.ts";
// Files, not the face of the room: behind that is the parser, which a kept plan does without.
import type { Plan, PlanStep } from "../dsl/plan.ts";
import { execute } from "../dsl/run/execute.ts";
import { exitCode, type RecipeReport, reportToJson } from "../dsl/run/report.ts";
import { chooseEngineFor, keepPlans } from "./engines.ts";
import { EXIT } from "./exit_code.ts";
import { includedTexts, includesFor } from "./include_files.ts";
import { type Junit, withJunit } from "./junit_file.ts";
import { print, warn, writeFile } from "./output.ts";
import { SILENT, terminalProgress } from "./progress.ts";
import { openPlanCache, type PlanCache, planStoreOf } from "./plan_cache.ts";
import { renderOptions } from "./render_options.ts";
import { openSession, type Session } from "./session.ts";
import type { inTheirForms } from "./shown_forms.ts";
import { checkOutput, fileContent, showResults } from "./show_results.ts";

/** How a recipe is run. */
export interface RunRecipeOptions {
  /** What the recipe is called in messages: its file, as the user gave it. */
  readonly file: string;
  /** Values of parameters as the user wrote them: `{window: "5s"}`. */
  readonly params?: Readonly<Record<string, string>>;
  readonly json?: boolean;
  /** A file for the results; its ending chooses the format. */
  readonly output?: string;
  readonly lang?: "en" | "zh";
  readonly plugin?: readonly string[];
  /** Name of the only probe engine to use. */
  readonly engine?: string;
  /** A file with the kernel's type information, instead of the kernel's own. */
  readonly btf?: string;
  /** What probes may cost, as a ratio of one CPU; without, they cost what they do. */
  readonly budget?: number;
  /** Runs the recipe again each such time, in nanoseconds, until interrupted. */
  readonly watch?: number;
  /** A file for a report in JUnit's form. */
  readonly junit?: string;
}

/**
 * Runs the text of a recipe and shows what came of it: results on standard output, everything else on standard error.
 *
 * @returns the exit code of the design
 * @throws {UsageError} when a parameter is wrong or the output cannot be
 */
export async function runRecipe(text: string, options: RunRecipeOptions): Promise<number> {
  await checkOutput(options.output);
  return await withJunit(options.junit, options.file, (junit) => runReported(text, options, junit));
}

async function runReported(text: string, options: RunRecipeOptions, junit: Junit | null): Promise<number> {
  // What is drawn again and again has no place for it.
  const onScreen = options.watch !== undefined && toTerminal(options);
  const progress = onScreen ? SILENT : terminalProgress();
  const session = await openSession(options.plugin, (line) => progress.show(line), { btf: options.btf });
  const cache = openPlanCache(session.host, await whatPlansDependOn(options));
  keepPlans(session.host, planStoreOf(cache));
  const plan = await compileRecipe(text, options.file, session, cache, (line, severity) => {
    warn(line);
    if (severity === "error") junit?.problem(line);
  });
  if (!plan) return EXIT.usage;
  const run = async (): Promise<RecipeReport> => {
    try {
      return await execute(plan, {
        sleep: session.api.sleep,
        stage: (name) => session.registry.stage(name),
        loadAggregation: async (name) => (await import("./recipe_registry.ts")).loadAggregation(session, name),
        round: onScreen ? undefined : async (r) => (await import("./tell_rounds.ts")).tellRound(r, options, progress),
        alert: async (a) => (await import("./tell_rounds.ts")).tellAlert(a, session, progress),
        context: session.context,
        collector: (name) => session.registry.collector(name),
        chooseEngine: (spec) => chooseEngineFor(session.host, spec, options.engine),
        budget: options.budget,
        investigator: () => investigator(session, options.lang),
        save,
        untilStopped: toTerminal(options) && options.watch === undefined,
      }, options.params);
    } finally {
      progress.clear();
    }
  };
  if (options.watch !== undefined) {
    const { watch } = await import("./watch.ts");
    return await watch({
      name: plan.title || plan.recipe || options.file,
      periodNs: options.watch,
      signal: session.context.signal,
      screen: onScreen,
      headings: !options.json,
      run,
      // On a screen there is no other place for what rounds of the recipe's own found.
      show: (report, round, maxRows) =>
        show(onScreen ? { ...report, inRounds: [] } : report, { ...options, maxRows }, round),
      async over(report): Promise<void> {
        junit?.report(report);
        await junit?.write();
      },
    });
  }
  const report = await run();
  junit?.report(report);
  await show(report, options);
  return exitCode(report);
}

function toTerminal(options: RunRecipeOptions): boolean {
  return Deno.stdout.isTerminal() && !options.json && options.output === undefined;
}

/** Contents of plugins, and which file of type information is used. */
async function whatPlansDependOn({ plugin = [], btf }: RunRecipeOptions): Promise<string[]> {
  const plugins = await Promise.all(plugin.map((path) => Deno.readTextFile(path)));
  // Of the files that a plugin imports nothing is known: its recipes are compiled each time.
  if (plugins.some((text) => /(?:from|import)\s*\(?\s*["'](?:\.|file:|\/)/.test(text))) {
    plugins.push(crypto.randomUUID());
  }
  if (btf === undefined) return plugins;
  const { size, mtime } = Deno.statSync(btf);
  return [...plugins, `${Deno.realPathSync(btf)} ${size} ${mtime?.getTime()}`];
}

/**
 * The plan of a recipe; null when it has errors, which are told.
 *
 * @param cache where a plan without anything to say about it is kept, and found again by the recipe's text
 */
export async function compileRecipe(
  text: string,
  file: string,
  session: Session,
  cache?: PlanCache,
  tell: (line: string, severity: "error" | "warning") => void = warn,
): Promise<Plan | null> {
  // A plan is that of the recipe's text and of all that it includes.
  const texts = includedTexts(text, file);
  const key = texts.join("\0");
  const kept = cache?.get("recipe", key);
  if (kept) return parseExactJson(kept) as Plan;
  const [{ compile }, { diagnosticText }, { recipeRegistry }] = await Promise.all([
    import("../dsl/compile.ts"),
    import("../dsl/diagnostic.ts"),
    import("./recipe_registry.ts"),
  ]);
  // What was included and is not in the key could change unseen.
  let allKnown = true;
  const include = includesFor(file, (included) => {
    if (!texts.includes(included)) allKnown = false;
  });
  const { plan, diagnostics } = await compile(text, await recipeRegistry(session, key), include);
  for (const d of diagnostics) tell(diagnosticText(d, file), d.severity);
  // An unset variable of a shell must not pass for success.
  if (plan && plan.steps.length === 0) throw new UsageError(`${file}: the recipe does nothing`, "Write collect …");
  if (plan && diagnostics.length === 0 && allKnown && !namesFiles(plan.steps)) {
    cache?.put("recipe", key, exactJson(plan));
  }
  return plan;
}

/** Whether a plan is about functions in files, which may be others tomorrow. */
function namesFiles(steps: readonly PlanStep[]): boolean {
  return /"kind":"(uprobe|uretprobe|usdt|user)"/.test(exactJson(steps));
}

/**
 * What a recipe is for and which parameters it has, as text; null when it has errors, which are told.
 *
 * @param plugins files of plugins that it needs
 */
export async function recipeHelp(text: string, file: string, plugins?: readonly string[]): Promise<string | null> {
  const plan = await compileRecipe(text, file, await openSession(plugins));
  if (!plan) return null;
  const { escapeText } = await import("../core/render/escape.ts");
  const head = [file, escapeText(plan.title)].filter(Boolean).join(": ") + "\n";
  if (plan.params.length === 0) return head;
  const { exprText } = await import("../core/query/expr_text.ts");
  const rows = plan.params.map((p) => [
    escapeText(`${p.name}: ${p.t.type}${p.default ? ` = ${exprText(p.default)}` : ""}`),
    escapeText(p.doc),
  ]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${head}\nParameters:\n${rows.map(([name, doc]) => `  ${name.padEnd(width)}  ${doc}`.trimEnd()).join("\n")}\n`;
}

/**
 * Reads `name=value` options.
 *
 * @throws {UsageError} when one has no `=` or is given twice
 */
export function readParams(options: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const option of options) {
    const at = option.indexOf("=");
    if (at <= 0) throw new UsageError(`--param ${option}: there is no "="`, "Write --param name=value");
    const name = option.slice(0, at).trim();
    if (Object.hasOwn(params, name)) throw new UsageError(`--param ${name} is given twice`);
    params[name] = option.slice(at + 1);
  }
  return params;
}

async function investigator(session: Session, lang: "en" | "zh" | undefined): Promise<Investigator> {
  const { agentInvestigator } = await import("../core/agent/mod.ts");
  const { registry } = session;
  return agentInvestigator({ tools: () => Promise.all(registry.tools().map((t) => registry.tool(t.name))), lang });
}

async function save(file: string, name: string, result: Result): Promise<void> {
  const json = (): string => JSON.stringify({ schema: 1, results: { [name]: resultToJson(result) } }, null, 2) + "\n";
  writeFile(file, await fileContent({ [name]: result }, json, file));
}

/** @param round what is added to the JSON of one round of several */
async function show(
  report: RecipeReport,
  options: RunRecipeOptions & { readonly maxRows?: number },
  round: Readonly<Record<string, Json>> = {},
): Promise<void> {
  const shown = Object.fromEntries(
    report.shown.flatMap((name) => Object.hasOwn(report.results, name) ? [[name, report.results[name]]] : []),
  );
  // Rounds told of theirs when they were over.
  const rest = Object.fromEntries(Object.entries(shown).filter(([name]) => !report.inRounds.includes(name)));
  for (const e of report.errors) warn(`sonde: ${e.what === "pipeline" ? `"${e.name}" did not run: ` : ""}${e.message}`);
  let problem: unknown;
  if (options.output !== undefined) {
    const { results: _results, schema: _schema, ...envelope } = reportToJson(report) as Record<string, Json>;
    try {
      const { json, output, lang } = options;
      // JSON and CSV hold what was measured; pictures and text show it as the recipe says.
      const told = /\.(json|csv)$/.test(output) ? { results: shown, forms: {} } : await formed(shown, report.forms);
      await showResults(told.results, envelope, { json, output, lang, forms: told.forms });
    } catch (error) {
      // Told at the end: what else there is to say is not lost with the file.
      problem = error;
    }
  } else if (options.json) {
    // A line for each round, for programs that read them one by one.
    const indent = options.watch === undefined ? 2 : 0;
    print(JSON.stringify({ ...reportToJson(report), ...round }, null, indent) + "\n");
  } else if (Object.keys(rest).length > 0) {
    const told = await formed(rest, report.forms);
    await showResults(told.results, {}, { lang: options.lang, forms: told.forms, maxRows: options.maxRows });
  }
  if (!options.json) await showAnswers(report, options);
  for (const file of report.saved) warn(`Wrote ${file}`);
  if (report.interrupted) warn("Stopped before the end; shown is what was measured until then");
  if (problem !== undefined) throw problem;
}

async function showAnswers(report: RecipeReport, options: RunRecipeOptions): Promise<void> {
  if (report.expects.length === 0 && report.asks.length === 0) return;
  const { formatByUnit, renderDiagnosis } = await import("../core/render/mod.ts");
  const lines = report.expects.map((e) => {
    const value = typeof e.value === "number" ? ` (${formatByUnit(e.value, e.unit)})` : "";
    return `${e.outcome.padEnd(12)} ${e.text}${value}${e.message ? `\n             ${e.message}` : ""}`;
  });
  if (lines.length > 0) print(`\n${lines.join("\n")}\n`);
  for (const a of report.asks) {
    print(`\n${a.question}\n`);
    print(a.diagnosis ? renderDiagnosis(a.diagnosis, renderOptions(options.lang)) + "\n" : `${a.error}\n`);
  }
}

/** Results as \`show … as\` says. */
async function formed(results: Results, forms: RecipeReport["forms"]): ReturnType<typeof inTheirForms> {
  if (forms.length === 0) return { results, forms: {} };
  return await (await import("./shown_forms.ts")).inTheirForms(results, forms);
}

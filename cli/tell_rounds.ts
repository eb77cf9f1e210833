import { errorText } from "../core/data/mod.ts";
import type { AlertReport, RoundReport } from "../dsl/run/report.ts";
import { print, warn } from "./output.ts";
import type { Progress } from "./progress.ts";
import type { RunRecipeOptions } from "./run_recipe.ts";
import type { Session } from "./session.ts";
import { inTheirForms } from "./shown_forms.ts";
import { showResults } from "./show_results.ts";

/** Shows what a round of `every` found, when it is over. In JSON, and in a file, everything comes at the end. */
export async function tellRound(round: RoundReport, options: RunRecipeOptions, progress: Progress): Promise<void> {
  if (options.json || options.output !== undefined || Object.keys(round.results).length === 0) return;
  progress.clear();
  print(`${round.round > 1 ? "\n" : ""}── ${clock(round.startNs)} (round ${round.round})\n`);
  const { results, forms } = await inTheirForms(round.results, round.forms);
  await showResults(results, {}, { lang: options.lang, forms });
}

/** Tells that an alert fires, at once: on standard error, and to the notifiers of plugins. */
export async function tellAlert(alert: AlertReport, session: Session, progress: Progress): Promise<void> {
  progress.clear();
  const { escapeText } = await import("../core/render/escape.ts");
  const { formatByUnit } = await import("../core/render/format_value.ts");
  const value = typeof alert.value === "number" ? ` (${alert.text}: ${formatByUnit(alert.value, alert.unit)})` : "";
  warn(`ALERT ${clock(BigInt(alert.time_ns))} ${escapeText(alert.message)}${escapeText(value)}`);
  for (const notifier of session.registry.notifiers()) {
    try {
      await notifier.notify(alert.message, value.trim(), session.context);
    } catch (error) {
      warn(`sonde: the notifier "${notifier.name}" failed: ${errorText(error)}`);
    }
  }
}

/** The time of day here. */
function clock(ns: bigint): string {
  const at = new Date(Number(ns / 1_000_000n));
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

import { flameElement } from "../flame/svg.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { profileTotal } from "../profile_stats.ts";
import { h, type Markup, raw } from "./markup.ts";
import { measuredCharts } from "./measured.ts";
import type { ReportCall } from "./report.ts";

/** Nodes kept of a flame graph in a report, which may hold several. */
const FLAME_NODES = 8000;
/** Levels that fit on a screen. */
const DEEP = 30;

/** Charts of what was measured. */
export function chartsSection(calls: readonly ReportCall[], lang: Lang): Markup | null {
  const figures = measuredCharts(calls, lang).map((c) =>
    h`<figure><figcaption>${c.title} <a href="#call-${c.call}">${c.call}</a></figcaption>${c.body}</figure>`
  );
  if (figures.length === 0) return null;
  return h`<section><h2>${message(lang, "heading.measured")}</h2><div class="charts">${figures}</div></section>`;
}

/** A flame graph of every profile that has samples. */
export function flamesSection(calls: readonly ReportCall[], lang: Lang): Markup | null {
  const figures: Markup[] = [];
  for (const { record, results } of calls) {
    for (const [name, result] of Object.entries(results)) {
      if (result.kind !== "profile" || profileTotal(result) === 0) continue;
      // A deep graph scrolls in its figure: its root is then at the top, where it is seen first.
      const deep = result.stacks.some((s) => s.frames.length > DEEP);
      const title = `${record.tool} · ${name}`;
      const svg = raw(flameElement(result, { title, lang, maxNodes: FLAME_NODES, inverted: deep }));
      const help = h`<a href="#call-${record.id}">${record.id}</a> ${message(lang, "report.flame_help")}`;
      figures.push(
        h`<figure class="flame"><div${
          deep && raw(' class="tall" tabindex="0"')
        }>${svg}</div><figcaption>${help}</figcaption></figure>`,
      );
    }
  }
  if (figures.length === 0) return null;
  return h`<section><h2>${message(lang, "heading.flames")}</h2>${figures}</section>`;
}

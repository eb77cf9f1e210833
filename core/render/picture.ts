import type { Field, HistogramCell, Result, Table } from "../data/mod.ts";
import { cellAt } from "../data/mod.ts";
import { heatMapOf } from "../query/heat_map.ts";
import { flameSvg } from "./flame/svg.ts";
import { HEAT_SVG_SIZE, heatMapSvg } from "./heat_map_svg.ts";
import { histogramSvg } from "./histogram_svg.ts";
import type { Lang } from "./options.ts";
import { seriesSvg } from "./series_svg.ts";
import type { HeatMapForm, ShownForm } from "./shown_form.ts";

/** How a picture of a result is made. */
export interface PictureOptions {
  readonly title: string;
  readonly form?: ShownForm;
  readonly lang?: Lang;
}

/**
 * The SVG of a result; null when it is none that has one: text, or a table that is no heat map. Such are tables that are to
 * be one by their form, and those of one column of times and one of histograms; a table of one histogram is that.
 */
export function pictureSvg(result: Result, { title, form = null, lang = "en" }: PictureOptions): string | null {
  switch (result.kind) {
    case "profile":
      return flameSvg(result, { title, lang });
    case "series":
      return seriesSvg(result, { title, lang });
    case "histogram":
      return histogramSvg(result, { title, lang });
    case "table": {
      const only = onlyHistogram(result);
      if (only && !isHeatMap(form)) return histogramSvg({ ...only, quality: result.quality }, { title, lang });
      const heat = isHeatMap(form) ? form : heatMapIn(result.fields);
      if (heat === null) return null;
      const map = heatMapOf(result, { time: heat.time, value: heat.value, ...HEAT_SVG_SIZE });
      return heatMapSvg(map, { title, lang, quality: result.quality });
    }
    case "text":
      return null;
  }
}

function isHeatMap(form: ShownForm): form is HeatMapForm {
  return form !== null && typeof form === "object";
}

function onlyHistogram(table: Table): HistogramCell | null {
  const at = table.fields.findIndex((f) => f.type === "histogram");
  if (table.length !== 1 || at < 0 || table.fields.some((f, i) => f.type === "histogram" && i !== at)) return null;
  return cellAt(table.columns[at], 0) as HistogramCell | null;
}

/** The one column of times and the one of histograms. */
function heatMapIn(fields: readonly Field[]): HeatMapForm | null {
  const [times, histograms] = (["time", "histogram"] as const).map((type) => fields.filter((f) => f.type === type));
  if (times.length !== 1 || histograms.length !== 1) return null;
  return { kind: "heatmap", time: times[0].name, value: histograms[0].name };
}

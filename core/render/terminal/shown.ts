import type { Result } from "../../data/mod.ts";
import { heatMapOf } from "../../query/heat_map.ts";
import { PLAIN } from "../options.ts";
import type { ShownForm } from "../shown_form.ts";
import { heatMapSize, renderHeatMap } from "./heat_map.ts";
import { renderFlame } from "./profile.ts";
import { renderBody, underHeading } from "./result.ts";
import { renderTable, type TableOptions } from "./table.ts";

/**
 * A result for a terminal in the form that was asked for. A form that its kind does not have changes nothing: making
 * another kind of it is not a matter of drawing.
 *
 * @throws {TypeError} when a heat map names columns that the table does not have
 */
export function renderShown(
  name: string,
  result: Result,
  form: ShownForm,
  options: TableOptions = PLAIN,
): string {
  return underHeading(name, bodyOf(result, form, options), result.quality, options);
}

function bodyOf(result: Result, form: ShownForm, options: TableOptions): string {
  if (form === "flame" && result.kind === "profile") return renderFlame(result, options);
  if (result.kind !== "table") return renderBody(result, options);
  if (form === "table") return renderTable(result, { ...options, record: false, histograms: "cells" });
  if (form === "hist") return renderTable(result, { ...options, histograms: "bars" });
  if (form === null || typeof form === "string") return renderBody(result, options);
  const { time, value } = form;
  return renderHeatMap(heatMapOf(result, { time, value, ...heatMapSize(options) }), options);
}

/** Turns results and diagnoses into text for terminals, models and browsers: data in, string out. @module */
export { resultToCsv } from "./csv.ts";
export { digest, type DigestLevel, digestResults } from "./digest/digest.ts";
export { neutral } from "./digest/neutral.ts";
export { estimateTokens } from "./digest/tokens.ts";
export { type EscapeOptions, escapeText, escapeXml } from "./escape.ts";
export type { FlameColors } from "./flame/color.ts";
export type { CompareBy, Comparison } from "./diff/comparison.ts";
export { type FlameBefore, type FlameOptions, flameSvg } from "./flame/svg.ts";
export {
  type FieldShape,
  formatBytes,
  formatByUnit,
  formatDuration,
  formatNumber,
  formatRatio,
  formatShort,
  formatTime,
  formatValue,
} from "./format_value.ts";
export { type ReportCall, reportHtml, type ReportInput } from "./html/report.ts";
export type { en } from "./messages/en.ts";
export { message, type MessageKey } from "./messages/message.ts";
export { type Lang, PLAIN, type RenderOptions } from "./options.ts";
export { type PictureOptions, pictureSvg } from "./picture.ts";
export { type FunctionTotal, functionTotals } from "./profile_stats.ts";
export { type Paint, type Style, styleFor } from "./style.ts";
export { type DiagnosisOptions, renderDiagnosis } from "./terminal/diagnosis.ts";
export { renderHistogram } from "./terminal/histogram.ts";
export { renderProfile } from "./terminal/profile.ts";
export { type QualityOptions, renderQuality } from "./terminal/quality.ts";
export { renderResult } from "./terminal/result.ts";
export { type HeatMapForm, type ShownForm } from "./shown_form.ts";
export { renderSeries } from "./terminal/series.ts";
export { renderShown } from "./terminal/shown.ts";
export { renderTable, type TableOptions } from "./terminal/table.ts";
export { renderUseMatrix } from "./terminal/use_matrix.ts";
export { displayWidth, pad, truncate, wrap } from "./width.ts";

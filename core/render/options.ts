/** Languages that reports can be written in. */
export type Lang = "en" | "zh";

/** How text for a terminal is laid out. Whether colour is wanted (NO_COLOR, no terminal) is the caller's to know. */
export interface RenderOptions {
  /** ANSI colours and weights. */
  readonly color: boolean;
  /** Columns of the terminal. Values below 40 count as 40. */
  readonly width: number;
  /** Language of what the renderer itself says. */
  readonly lang: Lang;
}

/** Plain English text, 80 columns: what a pipe gets. */
export const PLAIN: RenderOptions = { color: false, width: 80, lang: "en" };

/** The columns to lay out for: at least 40, so that no layout has to survive less. */
export function usableWidth(options: RenderOptions): number {
  return Math.max(40, Math.floor(options.width) || 80);
}

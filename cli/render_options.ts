import type { RenderOptions } from "../core/render/mod.ts";
import { terminalWidth, wantsColor } from "./output.ts";

/** How text is laid out for whoever reads our standard output. */
export function renderOptions(lang: "en" | "zh" = "en"): RenderOptions {
  return { color: wantsColor(), width: terminalWidth(), lang };
}

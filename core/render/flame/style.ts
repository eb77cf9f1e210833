import { KINDS, REASON_HUES, SHADES, WAITING_KINDS } from "./color.ts";
import { CHANGE_STEPS, REASON_SHADES, SELF_STEPS } from "./looks.ts";

const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace`;
const SANS = `system-ui,-apple-system,"Segoe UI","Noto Sans","Liberation Sans",sans-serif`;

/** Width of a character of the frames' font in pixels; fonts that are narrower leave a little room. */
export const CHAR_WIDTH = 6.65;

function kinds(set: typeof KINDS, saturation: (s: number) => number, lightness: (shade: number) => number): string {
  return Object.values(set).map(({ letter, hues: [from, to], saturation: s }) =>
    Array.from({ length: SHADES }, (_, i) => {
      const hue = Math.round(from + (to - from) * i / (SHADES - 1));
      return `.sonde-flame .${letter}${i} rect{fill:hsl(${hue} ${saturation(s)}% ${lightness(i)}%)}`;
    }).join("")
  ).join("");
}

const rule = (look: string, color: string): string => `.sonde-flame .${look} rect{fill:${color}}`;
const steps = (n: number, color: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => color(i)).join("");

/** Colours that are not of kinds: of reasons to wait, of change, of self time. */
function others(dark: boolean): string {
  const light = (i: number): number => (dark ? 32 : 68) + i * 4;
  const reasons = [...new Set(Object.values(REASON_HUES))].map((hue) =>
    steps(REASON_SHADES, (i) =>
      rule(`r${hue}-${i}`, `hsl(${hue} ${dark ? 30 : 58}% ${light(i)}%)`) +
      rule(`k${hue}-${i}`, `hsl(${hue} ${dark ? 14 : 26}% ${light(i)}%)`))
  ).join("");
  const change = steps(CHANGE_STEPS, (i) => {
    const size = (i + 1) / CHANGE_STEPS;
    const color = (hue: number): string =>
      dark
        ? `hsl(${hue} ${Math.round(size * 62)}% ${Math.round(27 + size * 18)}%)`
        : `hsl(${hue} ${Math.round(30 + size * 55)}% ${Math.round(92 - size * 30)}%)`;
    return rule(`more${i}`, color(8)) + rule(`less${i}`, color(216));
  }) + rule("same", dark ? "hsl(40 5% 27%)" : "hsl(40 10% 88%)");
  const self = steps(SELF_STEPS, (i) => {
    const size = i / (SELF_STEPS - 1);
    return rule(
      `s${i}`,
      dark
        ? `hsl(${Math.round(46 - size * 38)} ${Math.round(10 + size * 55)}% ${Math.round(26 + size * 18)}%)`
        : `hsl(${Math.round(48 - size * 40)} ${Math.round(20 + size * 70)}% ${Math.round(90 - size * 30)}%)`,
    );
  });
  return reasons + change + self;
}

/** Both sets of kinds, as on paper or as on black. */
function fills(dark: boolean): string {
  const saturation = (s: number): number => dark ? Math.round(s * 0.52) : s;
  const lightness = (i: number): number => (dark ? 32 : 68) + i * 7 % 10;
  const { unknown: _, ...waiting } = WAITING_KINDS;
  return kinds(KINDS, saturation, lightness) + kinds(waiting as typeof KINDS, saturation, lightness);
}

/** What {@linkcode FLAME_STYLE} lacks where a graph is not coloured by kind or module. */
export const FLAME_COLORS_STYLE: string = `${others(false)}@media (prefers-color-scheme:dark){${others(true)}}`;

/**
 * The style of every flame graph, alone or in a report. Colours are classes and nothing is styled inline, so that a
 * content security policy can name this text by its hash.
 */
export const FLAME_STYLE: string = `.sonde-flame{--bg:#fff;--ink:#23211e;--soft:#6d6861;--line:#d9d5cd;--on:#1f1a14;` +
  `--tip:#fffffffa;background:var(--bg);font:12px ${SANS}}` +
  `.sonde-flame text{fill:var(--ink)}.sonde-flame .title{font-size:15px;font-weight:600}` +
  `.sonde-flame .soft,.sonde-flame .legend text{fill:var(--soft);font-size:12px}` +
  `.sonde-flame .f text{font:11px ${MONO};fill:var(--on);pointer-events:none}.sonde-flame .f{cursor:pointer;outline:none}` +
  `.sonde-flame .f:hover rect,.sonde-flame .f:focus rect{stroke:var(--ink);stroke-width:1}` +
  `.sonde-flame .f:focus rect{stroke-width:2}.sonde-flame .up{opacity:.45}` +
  `.sonde-flame .f.hit rect{fill:#c23fb8}.sonde-flame .f.hit text{fill:#fff}` +
  `.sonde-flame .button{cursor:pointer}.sonde-flame .button rect{fill:transparent;stroke:var(--line)}` +
  `.sonde-flame .button text{font-size:12px;text-anchor:middle}.sonde-flame .button:hover rect,` +
  `.sonde-flame .button:focus rect{stroke:var(--ink)}.sonde-flame .button:focus{outline:none}` +
  `.sonde-flame .tip{pointer-events:none}.sonde-flame .tip rect{fill:var(--tip);stroke:var(--line)}` +
  `.sonde-flame .tip .name{font:600 12px ${MONO}}` +
  `.sonde-flame input{box-sizing:border-box;width:100%;height:24px;margin:0;padding:0 8px;border:1px solid var(--line);` +
  `border-radius:5px;background:var(--bg);color:var(--ink);font:12px ${MONO};outline:none}` +
  `.sonde-flame input:focus{border-color:var(--ink)}.sonde-flame input[aria-invalid=true]{border-color:#c0392b}` +
  fills(false) +
  `@media (prefers-color-scheme:dark){.sonde-flame{--bg:#16171a;--ink:#e8e4dc;--soft:#9d978d;--line:#3a3b40;` +
  `--on:#f6f1e8;--tip:#202126fa}` + fills(true) + `}` +
  `@media print{.sonde-flame .button{display:none}}`;

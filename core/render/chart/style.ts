const SANS = `system-ui,-apple-system,"Segoe UI","Noto Sans","Liberation Sans",sans-serif`;

/** Lines that differ in colour; further ones repeat the colours, dashed. */
export const LINE_COLORS = 10;

const LIGHT_LINES = [
  "#3f6fb5",
  "#d9822b",
  "#3f9463",
  "#bd4b45",
  "#8763b5",
  "#8f6b4a",
  "#d46fa8",
  "#6f6a62",
  "#a3a02f",
  "#2fa3ad",
];
const DARK_LINES = [
  "#7ba4e0",
  "#e5a35c",
  "#6fbf8f",
  "#e0807a",
  "#b094d8",
  "#b8967a",
  "#e59bc4",
  "#a8a298",
  "#cbc85f",
  "#66c9d1",
];
/** Few to many, on paper: pale to dark. */
export const LIGHT_HEAT: readonly string[] = [
  "#fdeecb",
  "#fcdca0",
  "#fbc26f",
  "#f8a14a",
  "#f07c35",
  "#de5729",
  "#bd3626",
  "#8f1d27",
  "#5c0f26",
];
/** Few to many, on black: dark to bright. */
export const DARK_HEAT: readonly string[] = [
  "#3b1d3f",
  "#5a1f4d",
  "#7d2550",
  "#a12f4a",
  "#c2433d",
  "#de6030",
  "#f08427",
  "#f9ae3c",
  "#fce38a",
];

const vars = (name: string, colors: readonly string[]): string => colors.map((c, i) => `--${name}${i}:${c}`).join(";");
const each = (n: number, rule: (i: number) => string): string => Array.from({ length: n }, (_, i) => rule(i)).join("");

/** The style of every chart. Colours are classes and nothing is styled inline, as in flame graphs. */
export const CHART_STYLE: string =
  `.sonde-chart{--bg:#fff;--ink:#23211e;--soft:#6d6861;--line:#e6e2da;--axis:#b9b4aa;--bar:#4c78a8;` +
  `${vars("c", LIGHT_LINES)};${vars("h", LIGHT_HEAT)};` +
  `background:var(--bg);font:12px ${SANS};font-variant-numeric:tabular-nums}` +
  `.sonde-chart text{fill:var(--ink)}.sonde-chart .title{font-size:15px;font-weight:600}` +
  `.sonde-chart .soft{fill:var(--soft)}.sonde-chart .y,.sonde-chart .n{text-anchor:end}.sonde-chart .x{text-anchor:middle}` +
  `.sonde-chart .head{font-weight:600;fill:var(--soft)}` +
  `.sonde-chart .grid{stroke:var(--line);fill:none}.sonde-chart .axis{stroke:var(--axis);fill:none}` +
  `.sonde-chart .line{fill:none;stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}` +
  `.sonde-chart .dashed{stroke-dasharray:5 4}.sonde-chart .dot{opacity:0}.sonde-chart .dot:hover{opacity:1}` +
  `.sonde-chart .bar{fill:var(--bar)}.sonde-chart .bar:hover,.sonde-chart .cell:hover{stroke:var(--ink)}` +
  `.sonde-chart .mark{stroke:var(--soft);stroke-dasharray:3 3;fill:none}` +
  each(LINE_COLORS, (i) => `.sonde-chart .l${i}{stroke:var(--c${i})}.sonde-chart .f${i}{fill:var(--c${i})}`) +
  each(LIGHT_HEAT.length, (i) => `.sonde-chart .h${i + 1}{fill:var(--h${i})}`) +
  `@media (prefers-color-scheme:dark){.sonde-chart{--bg:#16171a;--ink:#e8e4dc;--soft:#9d978d;--line:#2a2c31;` +
  `--axis:#5a5b61;--bar:#6a98cc;${vars("c", DARK_LINES)};${vars("h", DARK_HEAT)}}}`;

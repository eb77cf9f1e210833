import type { Cell, Field } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { formatByUnit, formatShort, formatValue } from "./format_value.ts";

/** A cell as it stands below {@linkcode headerText}: what the header says is not repeated. */
export function cellText(cell: Cell, field: Field): string {
  if (typeof cell !== "number") return formatValue(cell, field);
  if (field.type === "ratio") return Number.isFinite(cell) ? percent(cell) : "-";
  if (field.type === "rate" && (field.unit ?? "events/s") === "events/s") {
    return Number.isFinite(cell) ? formatShort(cell) : "-";
  }
  if (field.type === "rate") return formatByUnit(cell, field.unit).replace(/\/s$/, "");
  return formatValue(cell, field);
}

/** The name of a field with the unit that its cells leave out. */
export function headerText(field: Field): string {
  const name = escapeText(field.name, { limit: 80 });
  if (field.type === "ratio") return `${name} %`;
  return field.type === "rate" ? `${name}/s` : name;
}

/** A ratio in per cent with one decimal and without its sign, for columns. */
export function percent(ratio: number): string {
  const p = ratio * 100;
  if (p !== 0 && Math.abs(p) < 0.05) return p > 0 ? "<0.1" : ">-0.1";
  return p === 0 ? "0" : p.toFixed(1);
}

/** Whether a value says "nothing": null or a zero of any unit. */
export function isQuiet(text: string): boolean {
  return text === "-" || /^0([ /]|$)/.test(text);
}

/** Whether values of a field are read by size, and so stand right-aligned. */
export function isNumeric(field: Field): boolean {
  return !["string", "ip", "stack", "histogram", "bool"].includes(field.type);
}

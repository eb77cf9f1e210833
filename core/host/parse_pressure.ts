import type { PressureLine, PressureStat } from "./types.ts";

/** Parses a pressure file (Documentation/accounting/psi.rst); null when it holds none of its two lines. */
export function parsePressure(text: string): PressureStat | null {
  const some = lineOf(text, "some ");
  const full = lineOf(text, "full ");
  // "irq" has a full line only: what stalls there stalls everything on that CPU.
  const first = some ?? full;
  return first === null ? null : { some: first, full };
}

/** All cgroups' files of a machine at rest say this: no parsing, and no object for each. */
const NOTHING: PressureLine = { avg10: 0, avg60: 0, avg300: 0, totalNs: 0 };

function lineOf(text: string, kind: string): PressureLine | null {
  const start = text.startsWith(kind) ? 0 : text.indexOf(`\n${kind}`) + 1;
  if (start === 0 && !text.startsWith(kind)) return null;
  if (text.startsWith("avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", start + kind.length)) return NOTHING;
  const m = LINE.exec(text.slice(start + kind.length));
  if (m === null) return null;
  return {
    avg10: Number(m[1]) / 100,
    avg60: Number(m[2]) / 100,
    avg300: Number(m[3]) / 100,
    totalNs: Number(m[4]) * 1000,
  };
}

const LINE = /^avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)/;

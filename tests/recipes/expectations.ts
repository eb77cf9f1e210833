import assert from "node:assert/strict";
import type { Row } from "./recipe_case.ts";

/** A number of a row; throws when it is none. */
export function num(row: Row, column: string): number {
  const value = row[column];
  assert.ok(typeof value === "number" || typeof value === "bigint", `${column} is ${String(value)} in ${text(row)}`);
  return Number(value);
}

/** Throws unless a column lies in a range, ends included. */
export function between(row: Row, column: string, low: number, high: number): void {
  const value = num(row, column);
  assert.ok(value >= low && value <= high, `${column} is ${value}, expected ${low} to ${high}: ${text(row)}`);
}

/** The only row with these values; throws when there is none, or another. */
export function only(rows: readonly Row[], values: Row): Row {
  const found = all(rows, values);
  assert.equal(found.length, 1, `${found.length} rows with ${text(values)} of ${rows.map(text).join("\n")}`);
  return found[0];
}

/** The rows with these values. */
export function all(rows: readonly Row[], values: Row): readonly Row[] {
  return rows.filter((row) => Object.entries(values).every(([name, value]) => row[name] === value));
}

/** Sum of a column. */
export function total(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + num(row, column), 0);
}

/** Values in a histogram. */
export function histogramCount(cell: unknown): number {
  return (cell as { readonly buckets: readonly { readonly count: number }[] }).buckets.reduce((n, b) => n + b.count, 0);
}

function text(row: Row): string {
  return JSON.stringify(row, (_, value) => typeof value === "bigint" ? Number(value) : value);
}

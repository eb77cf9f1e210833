/** Columns of one width, as `deno fmt` would write them. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => r[i].length)));
  return rows.map((r) => `| ${r.map((c, i) => c === "-" ? "-".repeat(widths[i]) : c.padEnd(widths[i])).join(" | ")} |`)
    .join("\n");
}

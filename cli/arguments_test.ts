import assert from "node:assert/strict";
import { parseShare } from "./arguments.ts";

Deno.test("parseShare() reads shares of a CPU with per cent and without", () => {
  for (const [text, share] of [["5%", 0.05], ["0.05", 0.05], ["100 %", 1], [".5", 0.5], ["0.1%", 0.001]] as const) {
    assert.ok(Math.abs(parseShare(text, "--budget") - share) < 1e-12, text);
  }
  for (const text of ["0", "5", "101%", "-1%", "", "x", "5%%", "1e-3"]) {
    assert.throws(() => parseShare(text, "--budget"), { name: "UsageError" }, text);
  }
});

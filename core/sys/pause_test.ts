import assert from "node:assert/strict";
import process from "node:process";
import { pause } from "./pause.ts";

Deno.test("pause() of a time that is over already says nothing, and a very long one does not end at once", async () => {
  const warnings: unknown[] = [];
  const note = (warning: unknown): void => void warnings.push(warning);
  process.on("warning", note);
  const stop = new AbortController();
  await pause(-220.5, stop.signal);
  let over = false;
  const long = pause(2 ** 40, stop.signal).then(() => over = true);
  await pause(20, stop.signal);
  assert.equal(over, false);
  stop.abort();
  await long;
  process.off("warning", note);
  assert.deepEqual(warnings, []);
});

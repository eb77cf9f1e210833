import assert from "node:assert/strict";
import { createNotes } from "./_symbol_notes.ts";

Deno.test("notes tell whose names are cut at the limit", () => {
  const notes = createNotes();
  assert.deepEqual(notes.sentences(), []);
  for (const pid of [7, 7, 8]) notes.cut(pid);
  assert.match(notes.sentences().join("\n"), /those of process 7, 8 are cut at the limit/);
  for (const pid of [9, 10, 11]) notes.cut(pid);
  assert.match(notes.sentences().join("\n"), /process 7, 8, 9 and 2 more are cut/);
});

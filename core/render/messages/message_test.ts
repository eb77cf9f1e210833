import assert from "node:assert/strict";
import { en } from "./en.ts";
import { message, type MessageKey } from "./message.ts";
import { zh } from "./zh.ts";

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();

Deno.test("both catalogues have the same keys and places", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as MessageKey[]) assert.deepEqual(places(zh[key]), places(en[key]), key);
});

Deno.test("every Chinese text is translated", () => {
  const sameInBoth = new Set<MessageKey>(["culprit.pid", "confidence.phrase"]);
  for (const key of Object.keys(en) as MessageKey[]) {
    if (!sameInBoth.has(key)) assert.match(zh[key], /\p{sc=Han}/u, key);
  }
});

Deno.test("message() fills places and takes parameters literally", () => {
  assert.equal(message("en", "culprit.pid", { pid: 7 }), "pid 7");
  assert.equal(message("en", "culprit.function", { function: "$& {pid}" }), "in $& {pid}");
});

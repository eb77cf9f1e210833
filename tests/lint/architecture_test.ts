import assert from "node:assert/strict";
import plugin from "./architecture.ts";

/** Messages of the plugin for one file. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) => message);
}

const rejected: [string, string, string, RegExp][] = [
  [
    "a room outside the table",
    "core/stats/z.ts",
    'import { a } from "../host/mod.ts";',
    /core\/stats may not import core\/host/,
  ],
  [
    "even a type, where types are not in the table",
    "core/stats/z.ts",
    'import type { A } from "../host/mod.ts";',
    /may not/,
  ],
  ["data, which imports nothing", "core/data/a.ts", 'import { b } from "../query/mod.ts";', /it may import nothing/],
  ["a re-export of all", "core/data/mod.ts", 'export * from "../sys/mod.ts";', /may not import core\/sys/],
  ["a re-export by name", "core/data/mod.ts", 'export { a } from "../sys/mod.ts";', /may not import core\/sys/],
  ["a dynamic import", "core/agent/a.ts", 'await import("../sys/mod.ts");', /may not import core\/sys/],
  ["a dynamic import by template", "core/agent/a.ts", "await import(`../../bpf/mod.ts`);", /may not import bpf/],
  ["a type written as import(…)", "core/agent/a.ts", 'let a: import("../sys/mod.ts").Fd;', /may not import core\/sys/],
  ["a value where only types are allowed", "core/plugin_api/a.ts", 'import { a } from "../host/mod.ts";', /only types/],
  [
    "an inline type, which leaves an import behind",
    "core/plugin_api/a.ts",
    'import { type A } from "../host/mod.ts";',
    /only types/,
  ],
  [
    "a plugin that imports values of its API",
    "plugins/x/mod.ts",
    'import { a } from "../../core/plugin_api/mod.ts";',
    /only types/,
  ],
  [
    "a plugin that imports another",
    "plugins/x/mod.ts",
    'import { a } from "../y/mod.ts";',
    /plugins\/x may not import plugins\/y/,
  ],
  ["a plugin that imports the core", "plugins/x/mod.ts", 'import type { A } from "../../core/data/mod.ts";', /may not/],
  [
    "pure formats that read the machine",
    "core/profile/formats/a.ts",
    'import { a } from "../../host/mod.ts";',
    /formats may not/,
  ],
  [
    "formats that import their room",
    "core/profile/formats/a.ts",
    'import { a } from "../fold.ts";',
    /formats may not/,
  ],
  [
    "a private file of another folder",
    "core/host/a.ts",
    'import { a } from "../sys/_library.ts";',
    /private to its folder/,
  ],
  ["a test from what ships", "core/host/a.ts", 'import { skip } from "../../tests/skip.ts";', /does not import tests/],
  ["a package of another room", "core/query/a.ts", 'import { z } from "zod";', /zod belongs to core\/data/],
  [
    "a driver's package outside drivers",
    "core/agent/loop.ts",
    'import OpenAI from "openai";',
    /belongs to core\/agent\/drivers/,
  ],
  [
    "a subpath of such a package",
    "core/agent/loop.ts",
    'import "@anthropic-ai/sdk/x";',
    /belongs to core\/agent\/drivers/,
  ],
  ["a test's package", "core/query/a.ts", 'import * as fc from "fast-check";', /for tests only/],
  ["a package nobody owns", "core/query/a.ts", 'import x from "lodash";', /no owning room/],
  ["a package with its version", "core/data/a.ts", 'import { z } from "npm:zod@4";', /bare names/],
  ["a package from the web", "core/data/a.ts", 'import "https://example.org/a.ts";', /bare names/],
  ["a room that does not exist", "core/attic/a.ts", 'import { a } from "../data/mod.ts";', /not a room/],
  ["dlopen outside its homes", "core/perf/a.ts", 'Deno.dlopen("libc.so.6", {});', /Deno\.dlopen is for core\/sys/],
  ["dlopen by another name", "bpf/prog.ts", 'const { dlopen } = Deno; Deno["dlopen"];', /Deno\.dlopen/],
  ["pointers outside their homes", "cli/a.ts", "Deno.UnsafePointer.of(b);", /Deno\.UnsafePointer/],
  ["a /proc literal", "core/perf/a.ts", 'read("/proc/self/maps");', /\/proc\/self\/maps is named outside core\/host/],
  ["a /sys template", "cli/a.ts", "read(`/sys/class/net/${name}`);", /\/sys\/class\/net\/ is named/],
  ["a /proc template behind a root", "bpf/a.ts", "read(`${root}/proc/${pid}/stat`);", /\/proc\/ is named/],
  ["/proc in core/sys, but for descriptors", "core/sys/a.ts", 'read("/proc/self/maps");', /outside core\/host/],
];
for (const [what, path, source, message] of rejected) {
  Deno.test(`the architecture plugin rejects ${what}`, () => {
    const messages = lint(path, source);
    assert.ok(messages.length > 0, "nothing was reported");
    for (const text of messages) assert.match(text, message);
  });
}

const accepted: [string, string, string][] = [
  ["what the table allows", "core/perf/a.ts", 'import { a } from "../sys/mod.ts"; import { b } from "../ring/mod.ts";'],
  ["a room's own files", "core/perf/a.ts", 'import { a } from "./_b.ts"; import { c } from "./d/e.ts";'],
  ["a private file from beneath", "core/perf/d/e.ts", 'import { a } from "../_b.ts";'],
  [
    "types where types are allowed",
    "core/plugin_api/a.ts",
    'import type { A } from "../host/mod.ts"; export type { B } from "../store/mod.ts";',
  ],
  [
    "a plugin's types and own files",
    "plugins/x/mod.ts",
    'import type { A } from "../../core/plugin_api/mod.ts"; import { b } from "./b.ts";',
  ],
  [
    "anything in cli and mod.ts",
    "cli/a.ts",
    'import { a } from "../bpf/mod.ts"; import { b } from "../plugins/x/mod.ts";',
  ],
  ["anything in mod.ts", "mod.ts", 'export * from "./core/sys/mod.ts";'],
  ["a package in its room", "dsl/a.ts", 'import { Lexer } from "chevrotain"; import path from "node:path";'],
  ["formats from their room", "core/profile/a.ts", 'import { a } from "./formats/folded.ts";'],
  ["dlopen in core/sys", "core/sys/_library.ts", 'Deno.dlopen("/proc/self/fd/3", {});'],
  ["dlopen in the libbpf binding", "bpf/libbpf_maps.ts", 'Deno.dlopen("libbpf.so.1", {});'],
  ["kernel paths in core/host", "core/host/a.ts", 'read("/proc/stat"); read(`${root}/sys/fs/cgroup`);'],
  [
    "a sentence that mentions a path",
    "cli/a.ts",
    'say("/proc is not mounted"); say("Mount tracefs at /sys/kernel/tracing.");',
  ],
  ["a path that only begins alike", "cli/a.ts", 'read("/process/x"); read("/system");'],
  [
    "anything in a test",
    "core/stats/a_test.ts",
    'import { a } from "../sys/mod.ts"; Deno.dlopen("x", {}); read("/proc/stat");',
  ],
  ["anything in a bench", "core/stats/a_bench.ts", 'import { a } from "../sys/mod.ts";'],
  ["anything under tests", "tests/cases/a.ts", 'import { a } from "../../core/sys/_library.ts";'],
];
for (const [what, path, source] of accepted) {
  Deno.test(`the architecture plugin accepts ${what}`, () => assert.deepEqual(lint(path, source), []));
}

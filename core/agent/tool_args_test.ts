import assert from "node:assert/strict";
import type { Tool } from "../plugin_api/mod.ts";
import { checkToolArgs } from "./tool_args.ts";

const TOOL: Pick<Tool, "name" | "params" | "required"> = {
  name: "probe",
  required: ["program"],
  params: {
    program: { type: "string", enum: ["tcp_latency", "disk_io_latency"], description: "" },
    pid: { type: "integer", minimum: 0, default: 0, description: "" },
    secs: { type: "number", minimum: 0.1, maximum: 60, description: "" },
    deep: { type: "boolean", default: false, description: "" },
    events: { type: "array", items: { type: "string", enum: ["cycles", "branches"] }, description: "" },
  },
};
const ok = (args: unknown): unknown => {
  const r = checkToolArgs(TOOL, args);
  assert.ok(r.ok, r.ok ? "" : r.error);
  return r.args;
};
const error = (args: unknown): string => {
  const r = checkToolArgs(TOOL, args);
  assert.ok(!r.ok);
  return r.error;
};

Deno.test("checkToolArgs() fills in defaults and takes numbers written as text", () => {
  assert.deepEqual(ok({ program: "tcp_latency" }), { program: "tcp_latency", pid: 0, deep: false });
  assert.deepEqual(ok({ program: "tcp_latency", pid: "7", secs: 0.5, deep: "true", events: ["cycles"] }), {
    program: "tcp_latency",
    pid: 7,
    secs: 0.5,
    deep: true,
    events: ["cycles"],
  });
});

Deno.test("checkToolArgs() names what is missing, unknown, of the wrong type or out of range", () => {
  assert.match(error({}), /"program" is required \(string\)/);
  assert.match(error(null), /"program" is required/);
  assert.match(error([1]), /must be a JSON object, not a list/);
  assert.match(error({ program: "tcp_latancy" }), /one of tcp_latency, disk_io_latency.*did you mean "tcp_latency"/);
  assert.match(error({ program: "tcp_latency", pidd: 1 }), /unknown argument "pidd" \(did you mean "pid"\?\)/);
  assert.match(error({ program: "tcp_latency", pid: 1.5 }), /"pid" must be an integer, not 1.5/);
  assert.match(error({ program: "tcp_latency", pid: -1 }), /at least 0/);
  assert.match(error({ program: "tcp_latency", secs: 61 }), /at most 60/);
  assert.match(error({ program: "tcp_latency", events: ["cycels"] }), /did you mean "cycles"/);
  assert.match(error({ program: "tcp_latency", events: [1] }), /list of strings/);
  assert.match(error({ program: "tcp_latency", toString: 1, __proto__x: 2 }), /unknown argument "toString"/);
});

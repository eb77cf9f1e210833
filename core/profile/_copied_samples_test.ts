import assert from "node:assert/strict";
import { openHost } from "../host/mod.ts";
import { RECORD_KIND, SAMPLE_RECORD as R } from "../ptrace/mod.ts";
import { createCopiedSamples } from "./_copied_samples.ts";
import type { Unwinder, UserState } from "./unwind/mod.ts";

const REGISTERS = Deno.build.arch === "aarch64" ? 33 : 17;

/** A sampler's records in a ring of 4096 bytes, unwound to the place itself. */
function taker() {
  const states: UserState[] = [];
  const stack = { addresses: Float64Array.of(0x1000), exact: Uint8Array.of(1), length: 1, end: "root" as const };
  const unwinder: Unwinder = {
    unwind: (_pid, _mappings, state) => {
      states.push({ ...state });
      // What it may read must be there.
      for (let i = 0; i < state.bytes / 4; i++) assert.ok(state.stack[state.at + i] !== undefined);
      return stack;
    },
    prepare: () => {},
  };
  const samples = createCopiedSamples(openHost(), unwinder, { states: false, timeline: true });
  const bytes = new Uint8Array(new SharedArrayBuffer(4096));
  const view = new DataView(bytes.buffer);
  const put = (
    over: Partial<Record<keyof typeof R, number>>,
    length = R.PAYLOAD + REGISTERS * 8 + 256,
    at = 4096 - length,
  ): void => {
    const fields = { KIND: RECORD_KIND.SAMPLE, PID: Deno.pid, TID: Deno.pid, COUNT: 1, REGISTERS, BYTES: 256, ...over };
    for (const [name, value] of Object.entries(fields)) {
      const to = at + R[name as keyof typeof R];
      if (to + 4 <= 4096) view.setUint32(to, value, true);
    }
    samples.record(view, bytes, at, length);
  };
  return { samples, states, put };
}

Deno.test("records whose counts lead outside of them are counted as corrupt, and the others are taken", () => {
  const { samples, states, put } = taker();
  put({});
  assert.deepEqual([samples.events, samples.corrupt, states.length], [1, 0, 1]);
  const bad: Parameters<typeof put>[] = [
    [{ BYTES: 264 }],
    [{ BYTES: 0xffffffff }],
    [{ REGISTERS: REGISTERS + 1 }],
    [{ REGISTERS: 0xffffffff }],
    [{ REGISTERS: 0 }],
    [{ COUNT: 0 }],
    [{ COUNT: 0xffffffff }],
    [{ KIND: 77 }],
    [{ KIND: RECORD_KIND.MAPS, BYTES: 0x7fffffff }],
    [{ KIND: RECORD_KIND.COMM, BYTES: 4096 }],
    [{}, 40],
    [{}, R.PAYLOAD + REGISTERS * 8 + 256, 4],
  ];
  for (const one of bad) put(...one);
  assert.deepEqual([samples.events, samples.corrupt, states.length], [1, bad.length, 1]);
  put({ KIND: RECORD_KIND.REPEAT, COUNT: 3, REGISTERS: 0, BYTES: 0 }, R.PAYLOAD);
  put({ REGISTERS: 2, BYTES: 255 }, R.PAYLOAD + 16 + 256);
  assert.deepEqual([samples.events, samples.corrupt, states.length], [5, bad.length, 2]);
  assert.equal(states[1].bytes, 248);
});
